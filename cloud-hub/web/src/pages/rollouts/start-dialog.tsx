import { Button, Group, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { devicesQuery } from "../../api/device.ts";
import { type ListedRelease, releasesQuery } from "../../api/release.ts";
import { startRollout } from "../../api/rollout.ts";
import { Dialog } from "../../app/dialog.tsx";
import { Empty } from "../../states/empty.tsx";
import { QueryView } from "../../states/query-view.tsx";
import { momentText } from "../../values/format-time.ts";
import { shortDigest } from "../../values/short-digest.ts";
import { type FieldProblems, type RolloutForm, readRolloutForm } from "./new-rollout.ts";
import classes from "./rollouts.module.css";

const fields: readonly { name: keyof RolloutForm; label: string; description: string; placeholder: string }[] = [
  {
    name: "waves",
    label: "Waves",
    description: "How many devices each wave asks; a canary first, unless said otherwise.",
    placeholder: "1, 25%, 100%",
  },
  {
    name: "soak",
    label: "Soak",
    description: "The least time that a wave is watched.",
    placeholder: "the hub’s choice",
  },
  {
    name: "longestSoak",
    label: "Longest soak",
    description: "After that, too little data stops the rollout.",
    placeholder: "the hub’s choice",
  },
];

/** Starts a rollout; what the hub refuses is shown in its own words. */
export function StartDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog title="Start a rollout" isOpen={isOpen} onClose={onClose}>
      {isOpen && <Content onClose={onClose} />}
    </Dialog>
  );
}

function Content({ onClose }: { onClose: () => void }) {
  return (
    <QueryView query={useQuery(releasesQuery)}>
      {(releases) =>
        releases.length === 0 ? (
          <Empty title="No release yet" command="fieldloop release VERSION">
            A rollout needs a signed release.
          </Empty>
        ) : (
          <StartForm releases={releases} onClose={onClose} />
        )
      }
    </QueryView>
  );
}

function StartForm({ releases, onClose }: { releases: readonly ListedRelease[]; onClose: () => void }) {
  const groups = groupsOf(useQuery(devicesQuery).data ?? []);
  const [form, setForm] = useState<RolloutForm>({
    release: releases[0]?.digest ?? "",
    group: "all",
    waves: "",
    soak: "",
    longestSoak: "",
  });
  const [problems, setProblems] = useState<FieldProblems>({});
  const start = useStart(onClose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = readRolloutForm(form);
    setProblems("problems" in read ? read.problems : {});
    if ("rollout" in read) start.mutate(read.rollout);
  };
  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      <Select
        label="Release"
        data={releases.map((release) => ({ value: release.digest, label: releaseText(release) }))}
        value={form.release}
        error={problems.release}
        searchable
        allowDeselect={false}
        data-autofocus
        onChange={(release) => setForm({ ...form, release: release ?? "" })}
      />
      <TextInput
        label="Group"
        description={`“all” is every device${groups.length === 0 ? "; no groups are named yet." : `; named are ${groups.join(", ")}.`}`}
        value={form.group}
        error={problems.group}
        onChange={(event) => setForm({ ...form, group: event.currentTarget.value })}
      />
      {fields.map(({ name, label, description, placeholder }) => (
        <TextInput
          key={name}
          label={label}
          description={description}
          placeholder={placeholder}
          value={form[name]}
          error={problems[name]}
          onChange={(event) => setForm({ ...form, [name]: event.currentTarget.value })}
        />
      ))}
      {start.error !== null && (
        <p role="alert" className={classes.refusal}>
          {start.error.message}
        </p>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={start.isPending}>
          Start
        </Button>
      </Group>
    </form>
  );
}

function useStart(onClose: () => void) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: startRollout,
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ["rollouts"] });
      onClose();
      await navigate({ to: "/rollouts/$rollout", params: { rollout: id } });
    },
  });
}

const releaseText = ({ digest, model, createdAt }: ListedRelease): string =>
  `${shortDigest(digest)}, ${model}, ${momentText(createdAt)}`;

const groupsOf = (devices: readonly { readonly group: string | null }[]): readonly string[] =>
  [...new Set(devices.flatMap(({ group }) => (group === null ? [] : [group])))].toSorted();
