import { ActionIcon, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { shortDigest } from "./short-digest.ts";
import classes from "./values.module.css";

/** A digest in short, with a button that copies it whole. */
export function Digest({ value, withCopy = true }: { value: string | null | undefined; withCopy?: boolean }) {
  if (value == null) return <span className={classes.none}>none</span>;
  return (
    <span className={classes.digest}>
      <span title={value}>{shortDigest(value)}</span>
      {withCopy && <CopyButton text={value} />}
    </span>
  );
}

function CopyButton({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <Tooltip label={isCopied ? "Copied" : "Copy"}>
      <ActionIcon variant="subtle" color="gray" size={24} aria-label={`Copy ${text}`} onClick={() => void copy()}>
        {isCopied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}
