import { queryOptions, skipToken } from "@tanstack/react-query";
import { get } from "../../api/hub.ts";

type Release = {
  readonly manifest: {
    readonly components: readonly {
      readonly name: string;
      readonly role: string;
      readonly classes?: readonly string[];
    }[];
  };
};

/** The class names of a release's heads, by the order of their outputs; a release never changes. */
export function headsOfRelease(release: string | null) {
  return queryOptions({
    queryKey: ["release-heads", release],
    queryFn:
      release === null
        ? skipToken
        : async ({ signal }): Promise<Readonly<Record<string, readonly string[]>>> => {
            const { manifest } = await get<Release>(`/v1/releases/${release}`, {}, signal);
            const heads = manifest.components.filter(({ role }) => role === "head");
            return Object.fromEntries(heads.map(({ name, classes = [] }) => [name, classes]));
          },
    staleTime: Number.POSITIVE_INFINITY,
  });
}
