import { memo } from "react";
import { AgreementMark } from "./agreement-mark.tsx";
import { agreementOf, labelWord, primaryHead, type Sample } from "./sample.ts";
import { imageUrl, isPixelArt } from "./sample-image.tsx";
import classes from "./sample-tile.module.css";

/** What happens to tiles; one object for all of them, so that tiles are drawn again only when their sample changes. */
export type TileActions = {
  readonly open: (index: number) => void;
  readonly focus: (index: number) => void;
  readonly toggle: (index: number, withStretch: boolean) => void;
};

/**
 * One sample in the gallery: image, prediction beside label, and whether they agree.
 * turn: counts up when images that failed are worth another try
 */
export const SampleTile = memo(function SampleTile(props: {
  sample: Sample;
  index: number;
  column: number;
  isFocused: boolean;
  isSelected: boolean;
  turn: number;
  actions: TileActions;
}) {
  const { sample, index, column, isFocused, isSelected, turn, actions } = props;
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows of a grid that is drawn in parts
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid around all tiles listens to the keyboard
    <div
      role="gridcell"
      aria-colindex={column + 1}
      aria-selected={isSelected}
      tabIndex={isFocused ? 0 : -1}
      data-index={index}
      className={classes.tile}
      onFocus={() => actions.focus(index)}
      onClick={(event) => {
        if (event.shiftKey || event.ctrlKey || event.metaKey) actions.toggle(index, event.shiftKey);
        else actions.open(index);
      }}
    >
      <div className={classes.image}>
        <img
          key={`${sample.id} ${turn}`}
          className={isPixelArt(sample.width) ? classes.pixels : classes.picture}
          src={imageUrl(sample.id)}
          alt=""
          decoding="async"
          draggable={false}
        />
        {sample.audit && <span className={classes.flag}>audit</span>}
        {sample.distance !== undefined && (
          <span className={classes.distance} data-distance>
            {sample.distance.toFixed(3)}
          </span>
        )}
      </div>
      <div className={classes.words}>
        <span className={classes.prediction}>
          <span className="visually-hidden">predicted</span>
          <span className={classes.name}>{sample.class ?? "nothing"}</span>
          {sample.confidence !== null && <span className={classes.share}>{Math.round(sample.confidence * 100)} %</span>}
        </span>
        <span className={classes.label}>
          <AgreementMark agreement={agreementOf(sample)} />
          <span className="visually-hidden">label</span>
          <span className={classes.name}>{labelWord(sample, primaryHead(sample))}</span>
        </span>
      </div>
    </div>
  );
});

/** A tile whose sample is on its way; as large as a tile will be. */
export function TileBone({ column }: { column: number }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    <div role="gridcell" tabIndex={-1} aria-colindex={column + 1} aria-busy className={classes.tile}>
      <div className={`${classes.image} ${classes.bone}`} />
      <div className={classes.words} />
    </div>
  );
}
