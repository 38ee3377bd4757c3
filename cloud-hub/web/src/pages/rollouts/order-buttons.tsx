import { Button, Group, TextInput } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { orderRollout, type Rollout, type RolloutOrder } from "../../api/rollout.ts";
import { Dialog } from "../../app/dialog.tsx";
import { useShortcuts } from "../../keyboard/use-shortcuts.ts";
import { AllowedButton } from "../../session/allowed-button.tsx";
import { whyNot } from "../../session/role.ts";
import { useRole } from "../../session/session.ts";
import { whyNotNow } from "./rollout-state.ts";
import classes from "./rollouts.module.css";

const orders = {
  pause: {
    word: "Pause",
    key: "p",
    icon: IconPlayerPause,
    says: "No further device is asked until somebody resumes. Devices that run the release keep it, and are watched on.",
  },
  resume: { word: "Resume", key: "p", icon: IconPlayerPlay, says: "The rollout goes on where it was held." },
  abort: {
    word: "Abort",
    key: "x",
    icon: IconPlayerStop,
    says: "Every device that was asked goes back to its previous release. An aborted rollout cannot be resumed.",
  },
} as const;

/** Pausing, resuming and aborting, each behind a question that takes a reason. */
export function OrderButtons({ rollout }: { rollout: Rollout }) {
  const [asked, setAsked] = useState<RolloutOrder>();
  const role = useRole();
  const hold: RolloutOrder = rollout.state === "paused" ? "resume" : "pause";
  const isOver = whyNotNow(rollout, "abort") !== undefined;
  const shown: readonly RolloutOrder[] = isOver ? [] : [hold, "abort"];
  const isAllowed = whyNot(role, "operator") === undefined;
  useShortcuts(
    isAllowed
      ? shown.map((order) => ({
          keys: orders[order].key,
          title: `${orders[order].word} this rollout`,
          group: "This page",
          run: () => setAsked(order),
        }))
      : [],
  );
  return (
    <>
      {shown.map((order) => {
        const { word, icon: Icon } = orders[order];
        return (
          <AllowedButton
            key={order}
            needs="operator"
            variant={order === "abort" ? "light" : "default"}
            color={order === "abort" ? "red" : undefined}
            leftSection={<Icon size={16} aria-hidden />}
            onClick={() => setAsked(order)}
          >
            {word}
          </AllowedButton>
        );
      })}
      {asked !== undefined && <OrderDialog rollout={rollout} order={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

function OrderDialog({ rollout, order, onClose }: { rollout: Rollout; order: RolloutOrder; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const client = useQueryClient();
  const { word, says } = orders[order];
  const give = useMutation({
    mutationFn: () => orderRollout(rollout.id, order, reason.trim()),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["rollouts"] });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    give.mutate();
  };
  return (
    <Dialog title={`${word} the rollout to ${rollout.group}?`} isOpen onClose={onClose}>
      <form className={classes.form} onSubmit={submit}>
        <p>{says}</p>
        <TextInput
          label="Reason"
          description="Kept with the rollout, for those who ask later."
          value={reason}
          maxLength={1000}
          data-autofocus
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {give.error !== null && (
          <p role="alert" className={classes.refusal}>
            {give.error.message}
          </p>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
          <Button type="submit" color={order === "abort" ? "red" : undefined} loading={give.isPending}>
            {word}
          </Button>
        </Group>
      </form>
    </Dialog>
  );
}
