import { Button, Popover } from "@mantine/core";
import { IconFilter, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useShortcuts } from "../../keyboard/use-shortcuts.ts";
import { momentText } from "../../values/format-time.ts";
import classes from "./filter-bar.module.css";
import { FilterPanel } from "./filter-panel.tsx";
import { filterWords } from "./filter-words.ts";
import { activeFilters, type SampleFilters, withoutFilter } from "./sample-filters.ts";

/** What is filtered by, each with a button that takes it off, and the form that sets filters. */
export function FilterBar(props: { filters: SampleFilters; onChange: (filters: SampleFilters) => void }) {
  const { filters, onChange } = props;
  const [isOpen, setOpen] = useState(false);
  const active = activeFilters(filters);
  useShortcuts([{ keys: "/", title: "Set filters", group: "This page", run: () => setOpen(true) }]);
  return (
    <div className={classes.bar}>
      <Popover opened={isOpen} onChange={setOpen} position="bottom-start" trapFocus shadow="md" withinPortal>
        <Popover.Target>
          <Button
            variant="default"
            leftSection={<IconFilter size={16} aria-hidden />}
            rightSection={<kbd aria-hidden>/</kbd>}
            onClick={() => setOpen(!isOpen)}
          >
            Filter
          </Button>
        </Popover.Target>
        <Popover.Dropdown aria-label="Filters" className={classes.dropdown}>
          <FilterPanel filters={filters} onChange={onChange} />
        </Popover.Dropdown>
      </Popover>
      {active.length > 0 && (
        <ul className={classes.chips} aria-label="Filters that are set">
          {active.map((name) => {
            const words = filterWords(filters, name, momentText);
            return (
              <li key={name} className={classes.chip}>
                {words}
                <button
                  type="button"
                  aria-label={`Take off: ${words}`}
                  onClick={() => onChange(withoutFilter(filters, name))}
                >
                  <IconX size={14} aria-hidden />
                </button>
              </li>
            );
          })}
          {active.length > 1 && (
            <li>
              <button type="button" className={classes.clear} onClick={() => onChange({})}>
                Clear all
              </button>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}
