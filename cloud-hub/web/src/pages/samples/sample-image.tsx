import { useEffect, useState } from "react";
import { useContact } from "../../live/use-live.ts";
import classes from "./sample-image.module.css";

/** Where a sample's image is. */
export const imageUrl = (id: string): string => `/v1/samples/${encodeURIComponent(id)}/image`;

/** Images up to this many pixels wide show their pixels when enlarged. */
const pixelatedWidth = 160;

/** Whether an image is so small that its pixels are worth seeing. */
export const isPixelArt = (width: number): boolean => width <= pixelatedWidth;

/**
 * A sample's image in a box that has its size before the image is there. alt: empty where words beside it say it all
 * isEager: fetched at once, for the one image that a page is about
 */
export function SampleImage(props: { id: string; width: number; height: number; alt: string; isEager?: boolean }) {
  const { id, width, height, alt, isEager = false } = props;
  const [isGone, setGone] = useState(false);
  const { kind } = useContact();
  useEffect(() => {
    if (kind === "answering") setGone(false); // a hub that is back may have the image
  }, [kind]);
  if (isGone) return <span className={classes.gone}>no image</span>;
  return (
    <img
      className={isPixelArt(width) ? classes.pixelated : classes.image}
      src={imageUrl(id)}
      alt={alt}
      width={width}
      height={height}
      loading={isEager ? "eager" : "lazy"}
      decoding="async"
      draggable={false}
      onError={() => setGone(true)}
    />
  );
}
