import { Button } from "@mantine/core";
import { IconFilterOff } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { Empty } from "../../states/empty.tsx";
import { momentText } from "../../values/format-time.ts";
import { filterWords, type Relaxation, relaxationsOf } from "./filter-words.ts";
import classes from "./no-match.module.css";
import { activeFilters, type SampleFilters } from "./sample-filters.ts";
import { isAnyThere } from "./sample-requests.ts";

/** Nothing matches: says which filter is to blame, and takes it off by one click. */
export function NoMatch(props: { filters: SampleFilters; onChange: (filters: SampleFilters) => void }) {
  const { filters, onChange } = props;
  const relaxations = relaxationsOf(filters);
  const found = useQueries({
    queries: relaxations.map(({ filters: loosened }) => ({
      queryKey: ["samples", "any", loosened],
      queryFn: ({ signal }: { signal: AbortSignal }) => isAnyThere(loosened, signal),
    })),
  });
  if (activeFilters(filters).length === 0) {
    return (
      <Empty title="No samples yet" command="fieldloop samples import FOLDER">
        Devices send what is worth keeping as soon as a release runs on them; images of your own can be imported.
      </Empty>
    );
  }
  const words = ({ names }: Relaxation) => names.map((name) => filterWords(filters, name, momentText)).join(", ");
  const guilty = relaxations.filter((_, index) => found[index]?.data === true);
  const isSettled = found.every(({ isPending }) => !isPending);
  return (
    <Empty title="No sample matches" icon={IconFilterOff}>
      <span className={classes.blame}>
        {isSettled &&
          guilty.length === 0 &&
          "No single filter is to blame: without any one of them there is still none."}
        {guilty.length > 0 && "There are samples without this filter:"}
        {guilty.map((relaxation) => (
          <Button key={words(relaxation)} variant="default" onClick={() => onChange(relaxation.filters)}>
            Take off “{words(relaxation)}”
          </Button>
        ))}
        <Button variant="subtle" onClick={() => onChange({})}>
          Clear all filters
        </Button>
      </span>
    </Empty>
  );
}
