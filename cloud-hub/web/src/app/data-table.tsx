import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { type KeyboardEvent, type ReactNode, useRef } from "react";
import { nextSort } from "../pages/list-search.ts";
import classes from "./data-table.module.css";

/** A column. sortable: its name may be asked for as an order · isWide: left out on narrow screens · isNumber: to the right ·
 * isFlexible: takes the room that is left and cuts what is too long */
export type Column<Row> = {
  readonly name: string;
  readonly title: string;
  readonly sortable?: boolean;
  readonly isWide?: boolean;
  readonly isFlexible?: boolean;
  readonly isNumber?: boolean;
  readonly cell: (row: Row) => ReactNode;
};

/**
 * A table whose rows are walked with the arrow keys (or j and k) and opened with Enter; the first column holds the link, so a
 * row opens like any link does. On narrow screens a row becomes a card.
 */
export function DataTable<Row>(props: {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
  sort?: string | undefined;
  onSort?: (sort: string | undefined) => void;
}) {
  const { label, rows, columns, keyOf, sort, onSort } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  return (
    <table className={classes.table} aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <Head key={column.name} column={column} sort={sort} onSort={onSort} />
          ))}
        </tr>
      </thead>
      <tbody ref={body} onKeyDown={(event) => walk(event, body.current)}>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column) => (
              <td key={column.name} data-title={column.title} className={classOf(column)}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Head<Row>(props: {
  column: Column<Row>;
  sort: string | undefined;
  onSort: ((sort: string | undefined) => void) | undefined;
}) {
  const { column, sort, onSort } = props;
  const { name, title, sortable = false } = column;
  const order = sort === name ? "ascending" : sort === `-${name}` ? "descending" : undefined;
  return (
    <th scope="col" aria-sort={order} className={classOf(column)}>
      {sortable && onSort !== undefined ? (
        <button type="button" className={classes.sort} onClick={() => onSort(nextSort(sort, name))}>
          {title}
          {order === "ascending" && <IconArrowUp size={13} aria-hidden />}
          {order === "descending" && <IconArrowDown size={13} aria-hidden />}
        </button>
      ) : (
        title
      )}
    </th>
  );
}

function classOf(column: Pick<Column<never>, "isWide" | "isNumber" | "isFlexible">): string {
  const { isWide = false, isNumber = false, isFlexible = false } = column;
  return [isWide ? classes.wide : "", isNumber ? classes.number : "", isFlexible ? classes.flexible : ""]
    .filter(Boolean)
    .join(" ");
}

const moves: Readonly<Record<string, number>> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

function walk(event: KeyboardEvent, body: HTMLElement | null): void {
  const move = moves[event.key];
  if (move === undefined || body === null || event.ctrlKey || event.altKey || event.metaKey) return;
  const links = [...body.querySelectorAll<HTMLElement>("tr")].map((row) => row.querySelector<HTMLElement>("a, button"));
  const row = event.target instanceof Element ? event.target.closest("tr") : null;
  const at = links.findIndex((link) => link !== null && row?.contains(link));
  const next = links[at + move];
  if (next == null) return;
  event.preventDefault();
  next.focus();
}
