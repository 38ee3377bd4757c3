import { NativeSelect, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import classes from "./filter-panel.module.css";
import { localTimeText, readLocalTime } from "./local-time.ts";
import { type FilterName, readFilters, type SampleFilters, withoutFilter, writeFilters } from "./sample-filters.ts";
import { type FilterOptions, useFilterOptions } from "./use-filter-options.ts";

type Choice = { readonly value: string; readonly label: string };

const choices = (names: readonly string[], label = (name: string) => name): readonly Choice[] =>
  names.map((name) => ({ value: name, label: label(name) }));
const yesNo = (yes: string, no: string): readonly Choice[] => [
  { value: "yes", label: yes },
  { value: "no", label: no },
];

/** Every filter as a form; each takes effect at once. */
export function FilterPanel(props: { filters: SampleFilters; onChange: (filters: SampleFilters) => void }) {
  const { filters, onChange } = props;
  const options = useFilterOptions();
  const text = writeFilters(filters);
  const set = (name: FilterName, value: string): void => {
    const { [name]: _, ...others } = text;
    onChange(value === "" ? withoutFilter(filters, name) : readFilters({ ...others, [name]: value }).filters);
  };
  return (
    <div className={classes.form}>
      {selects(options).map(({ name, label, list }) => (
        <NativeSelect
          key={name}
          label={label}
          value={text[name] ?? ""}
          onChange={(event) => set(name, event.currentTarget.value)}
          data={withCurrent([{ value: "", label: "any" }, ...list], text[name])}
        />
      ))}
      <Field
        label="Confidence above"
        value={text.confidenceAbove}
        onSet={(value) => set("confidenceAbove", value)}
        share
      />
      <Field
        label="Confidence below"
        value={text.confidenceBelow}
        onSet={(value) => set("confidenceBelow", value)}
        share
      />
      <TimeField label="Captured since" at={filters.from} onSet={(at) => onChange({ ...filters, from: at })} />
      <TimeField label="Captured before" at={filters.to} onSet={(at) => onChange({ ...filters, to: at })} />
      <Field label="Track" value={text.track} onSet={(value) => set("track", value)} />
      <Field label="Set of the import" value={text.set} onSet={(value) => set("set", value)} />
    </div>
  );
}

function selects(options: FilterOptions): readonly { name: FilterName; label: string; list: readonly Choice[] }[] {
  return [
    { name: "device", label: "Device", list: choices(options.devices) },
    { name: "release", label: "Release", list: options.releases },
    { name: "class", label: "Predicted class", list: choices(options.classes) },
    { name: "labelClass", label: "Label", list: choices(options.classes) },
    { name: "labelled", label: "Label state", list: yesNo("looked at by a person", "waiting for a label") },
    { name: "unsure", label: "Somebody was unsure", list: yesNo("unsure", "not unsure") },
    { name: "author", label: "Labelled by", list: choices(options.authors) },
    { name: "reason", label: "Kept because of", list: choices(["audit", "uncertainty"]) },
    { name: "audit", label: "Audit lane", list: yesNo("audited", "not audited") },
    {
      name: "source",
      label: "Source",
      list: [
        { value: "device", label: "devices" },
        { value: "import", label: "imports" },
      ],
    },
    { name: "split", label: "Split", list: choices(["train", "val", "test"]) },
  ];
}

/** An address may name what no list has; the form shows it all the same. */
function withCurrent(list: readonly Choice[], value: string | undefined): Choice[] {
  const isListed = value === undefined || list.some((choice) => choice.value === value);
  return isListed ? [...list] : [...list, { value, label: value }];
}

function Field(props: { label: string; value: string | undefined; onSet: (value: string) => void; share?: boolean }) {
  const { label, value = "", onSet, share = false } = props;
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const isBad = share && typed !== "" && !(Number(typed) >= 0 && Number(typed) <= 1);
  return (
    <TextInput
      label={label}
      value={typed}
      inputMode={share ? "decimal" : "text"}
      placeholder={share ? "0 to 1" : "any"}
      error={isBad ? "A number from 0 to 1" : undefined}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => !isBad && typed !== value && onSet(typed.trim())}
      onKeyDown={(event) => event.key === "Enter" && !isBad && onSet(typed.trim())}
    />
  );
}

function TimeField(props: { label: string; at: number | undefined; onSet: (at: number | undefined) => void }) {
  const { label, at, onSet } = props;
  return (
    <TextInput
      label={label}
      type="datetime-local"
      step={1}
      value={at === undefined ? "" : localTimeText(at)}
      onChange={(event) => onSet(readLocalTime(event.currentTarget.value))}
    />
  );
}
