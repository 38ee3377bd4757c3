import { Button, NativeSelect } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Dialog } from "../../app/dialog.tsx";
import { AllowedButton } from "../../session/allowed-button.tsx";
import { type EvaluationData, evaluate } from "./model-requests.ts";
import classes from "./models.module.css";

const choices: readonly { readonly value: EvaluationData; readonly label: string }[] = [
  { value: "audited", label: "audited field samples, weighted" },
  { value: "field", label: "every labelled field sample" },
  { value: "old-val", label: "old validation samples" },
  { value: "old-test", label: "old test samples" },
];

/** Judges versions on labelled samples of the reader's choice; gives the evaluation's id on. */
export function EvaluateButton(props: { versions: readonly string[]; onDone: (evaluation: string) => void }) {
  const { versions, onDone } = props;
  const [isOpen, setOpen] = useState(false);
  const [data, setData] = useState<EvaluationData>("audited");
  const client = useQueryClient();
  const run = useMutation({
    mutationFn: () => evaluate(versions, data),
    onSuccess: async ({ id }) => {
      setOpen(false);
      await client.invalidateQueries({ queryKey: ["runs", "evaluations"] });
      onDone(id);
    },
  });
  return (
    <>
      <AllowedButton needs="operator" onClick={() => setOpen(true)}>
        Evaluate
      </AllowedButton>
      <Dialog
        title={versions.length > 1 ? "Evaluate both versions" : "Evaluate this version"}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
      >
        <div className={classes.form}>
          <NativeSelect
            label="On"
            description="Only samples with a person's label count; intervals are clustered by track."
            value={data}
            data={[...choices]}
            onChange={(event) => setData(event.currentTarget.value as EvaluationData)} // the options are the data
          />
          {run.isError && (
            <p role="alert" className={classes.error}>
              {run.error.message}
            </p>
          )}
          <Button loading={run.isPending} onClick={() => run.mutate()}>
            Evaluate
          </Button>
        </div>
      </Dialog>
    </>
  );
}
