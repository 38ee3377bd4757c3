import { useQuery } from "@tanstack/react-query";
import { get } from "../../api/hub.ts";
import { shortDigest } from "../../values/short-digest.ts";
import { headsQuery } from "./label-requests.ts";

/** What filters may be set to, as far as the hub knows it. classes: of every head, sorted */
export type FilterOptions = {
  readonly devices: readonly string[];
  readonly releases: readonly { readonly value: string; readonly label: string }[];
  readonly classes: readonly string[];
  readonly authors: readonly string[];
};

const byName = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

/** The options of the filters' form; a list that the hub does not give is empty. */
export function useFilterOptions(): FilterOptions {
  const devices = useQuery({
    queryKey: ["devices", "names"],
    queryFn: ({ signal }) => get<{ devices: { device: string }[] }>("/v1/devices", {}, signal),
  });
  const releases = useQuery({
    queryKey: ["releases", "names"],
    queryFn: ({ signal }) => get<{ releases: { digest: string }[] }>("/v1/releases", {}, signal),
  });
  const heads = useQuery(headsQuery);
  return {
    devices: (devices.data?.devices ?? []).map(({ device }) => device).sort(byName),
    releases: (releases.data?.releases ?? []).map(({ digest }) => ({ value: digest, label: shortDigest(digest) })),
    classes: [...new Set((heads.data?.heads ?? []).flatMap(({ classes }) => classes))].sort(byName),
    authors: heads.data?.authors ?? [],
  };
}
