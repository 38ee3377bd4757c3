import { Link } from "@tanstack/react-router";
import { shortDigest } from "../../values/short-digest.ts";
import classes from "./models.module.css";

/** A version by its short digest, leading to its page. */
export function VersionLink({ id, model }: { id: string; model?: string }) {
  return (
    <Link to="/models/$version" params={{ version: id }} className={classes.version} title={id}>
      {model !== undefined && `${model} `}
      {shortDigest(id)}
    </Link>
  );
}
