import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useRef } from "react";
import { useShortcuts } from "../keyboard/use-shortcuts.ts";

/** The text that a list is filtered by; `/` goes to it, Escape leaves it. */
export function FilterField(props: { label: string; value: string; onChange: (text: string) => void }) {
  const { label, value, onChange } = props;
  const field = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: "/", title: "Go to the filter", group: "This page", run: () => field.current?.focus() }]);
  return (
    <TextInput
      ref={field}
      type="search"
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={<kbd aria-hidden>/</kbd>}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}
