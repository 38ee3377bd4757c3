import { Button, NativeSelect } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { AllowedButton } from "../../session/allowed-button.tsx";
import { countText } from "../../values/format-amount.ts";
import { headsQuery, postLabels } from "./label-requests.ts";
import type { Selection } from "./selection.ts";
import classes from "./selection-bar.module.css";

/** What can be done with the tiles that are chosen: one label for all of them. */
export function SelectionBar(props: { selection: Selection; onClear: () => void }) {
  const { selection, onClear } = props;
  const heads = useQuery(headsQuery).data?.heads ?? [];
  const [head = heads[0]?.head ?? "", setHead] = useState<string>();
  const [name, setName] = useState("");
  const names = heads.find((each) => each.head === head)?.classes ?? [];
  const label = useMutation({
    mutationFn: () => postLabels([...selection.ids].map((sample) => ({ sample, head, class: name }))),
    onSuccess: onClear,
  });
  return (
    <section className={classes.bar} aria-label="Chosen samples">
      <strong aria-live="polite">{countText(selection.ids.size)} chosen</strong>
      {heads.length > 1 && (
        <NativeSelect
          aria-label="Head"
          value={head}
          data={heads.map((each) => each.head)}
          onChange={(event) => setHead(event.currentTarget.value)}
        />
      )}
      <NativeSelect
        aria-label="Label for all"
        value={name}
        data={[{ value: "", label: "label as…" }, ...names.map((each) => ({ value: each, label: each }))]}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <AllowedButton needs="labeller" disabled={name === ""} loading={label.isPending} onClick={() => label.mutate()}>
        Label {countText(selection.ids.size)}
      </AllowedButton>
      <Button variant="subtle" onClick={onClear}>
        Clear
      </Button>
      {label.isError && (
        <p role="alert" className={classes.error}>
          {label.error.message}
        </p>
      )}
    </section>
  );
}
