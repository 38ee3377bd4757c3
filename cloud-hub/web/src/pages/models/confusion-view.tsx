import { NativeSelect } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { countText } from "../../values/format-amount.ts";
import { moveFocus } from "../samples/gallery-layout.ts";
import classes from "./confusion.module.css";
import {
  type ConfusionCell,
  type ConfusionCount,
  type ConfusionOrder,
  layOutConfusion,
  worstConfusions,
} from "./confusion.ts";

const orders: readonly { readonly value: ConfusionOrder; readonly label: string }[] = [
  { value: "neighbours", label: "confused ones together" },
  { value: "errors", label: "most confused first" },
  { value: "name", label: "by name" },
];
const worstShown = 8;

/** What was taken for what. Arrow keys walk the grid; Enter, or a click, opens the samples behind a cell in the gallery. */
export function ConfusionView({ cells }: { cells: readonly ConfusionCount[] }) {
  const [order, setOrder] = useState<ConfusionOrder>("neighbours");
  const matrix = useMemo(() => layOutConfusion(cells, order), [cells, order]);
  const worst = worstConfusions(matrix, worstShown);
  const navigate = useNavigate();
  const open = (cell: ConfusionCell) => {
    if (cell.ids.length > 0) void navigate({ to: "/samples", search: { ids: cell.ids.join(",") } });
  };
  return (
    <section className={classes.confusion}>
      <div className={classes.heading}>
        <h3>What was taken for what</h3>
        <NativeSelect
          aria-label="Order of classes"
          value={order}
          data={[...orders]}
          onChange={(event) => setOrder(event.currentTarget.value as ConfusionOrder)} // the options are the orders
        />
      </div>
      <p className={classes.soft}>
        Rows are true classes, columns answers, {countText(matrix.samples)} samples in all. A cell's depth is its share
        of the row; the row's number is the share that was right.
      </p>
      <Grid matrix={matrix} onOpen={open} />
      {worst.length > 0 && (
        <ol className={classes.worst} aria-label="Most frequent mistakes">
          {worst.map((cell) => (
            <li key={`${cell.truth} ${cell.answer}`}>
              <Link to="/samples" search={{ ids: cell.ids.join(",") }}>
                {cell.truth} taken for {cell.answer}
              </Link>
              <span className={classes.soft}>
                {countText(cell.samples)} of the class's samples, {percent(cell.share)}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function Grid(props: { matrix: ReturnType<typeof layOutConfusion>; onOpen: (cell: ConfusionCell) => void }) {
  const { matrix, onOpen } = props;
  const [focused, setFocused] = useState(0);
  const body = useRef<HTMLTableSectionElement>(null);
  const size = matrix.classes.length;
  const cellAt = (index: number) => matrix.rows[Math.floor(index / size)]?.cells[index % size];
  const shown = cellAt(focused);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = moveFocus(focused, event.key, { columns: size, count: size * size, rows: 10 });
    if (target !== undefined) {
      setFocused(target);
      body.current?.querySelector<HTMLElement>(`[data-index="${target}"]`)?.focus();
    } else if (event.key === "Enter" && shown !== undefined) onOpen(shown);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div className={classes.scroll} tabIndex={-1}>
        {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: cells take the focus and open samples */}
        <table className={classes.grid} role="grid" aria-label="Confusion matrix">
          <thead>
            <tr>
              <th scope="col" className={classes.corner}>
                true, right
              </th>
              {matrix.classes.map((name) => (
                <th key={name} scope="col" className={classes.column} title={name}>
                  <span>{name}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody ref={body} onKeyDown={onKeyDown}>
            {matrix.rows.map((row, at) => (
              <tr key={row.truth}>
                <th scope="row" className={classes.row} title={row.truth}>
                  <span className={classes.rowName}>{row.truth}</span>
                  <span className={classes.soft}>{Number.isNaN(row.right) ? "no sample" : percent(row.right)}</span>
                </th>
                {row.cells.map((cell, column) => {
                  const index = at * size + column;
                  return (
                    // biome-ignore lint/a11y/useKeyWithClickEvents: the table's body listens to the keyboard
                    <td
                      key={cell.answer}
                      data-index={index}
                      data-kind={cell.samples === 0 ? "none" : cell.isRight ? "right" : "wrong"}
                      data-depth={Math.ceil(cell.share * 5)}
                      tabIndex={index === focused ? 0 : -1}
                      aria-label={sentenceOf(cell)}
                      onFocus={() => setFocused(index)}
                      onClick={() => onOpen(cell)}
                    >
                      {cell.samples > 0 && cell.samples}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={classes.reading}>{shown === undefined ? "" : sentenceOf(shown)}</p>
    </>
  );
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

function sentenceOf({ truth, answer, samples, share, isRight }: ConfusionCell): string {
  const what = isRight ? `${truth} answered rightly` : `${truth} taken for ${answer}`;
  return `${what}: ${countText(samples)} samples, ${percent(share)} of the class`;
}
