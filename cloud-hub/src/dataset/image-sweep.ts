import type { BlobStore } from "../blobs/blob-store.ts";
import type { Hub } from "../hub-parts.ts";
import { keeperOf } from "./deleted-sample.ts";

/** An image stays hidden for so long before it goes: a message with the same image may be on its way into the tables. */
export const hiddenForMs = 5 * 60_000;
const imagesAtOnce = 100;

/** One round: hides what nothing names, and removes what has been hidden for long enough. */
export async function sweepImages(hub: Pick<Hub, "rows" | "fleet" | "clock">, blobs: BlobStore): Promise<void> {
  const now = hub.clock();
  const rows = await hub.rows<{ blob: string; image: "waits" | "hidden" }>(
    `select distinct blob, image from deleted_samples
     where fleet = $1 and (image = 'waits' or (image = 'hidden' and image_at <= $2)) limit ${imagesAtOnce}`,
    [hub.fleet, now - hiddenForMs],
  );
  for (const { blob, image } of rows) {
    const isKept = (await keeperOf(hub, blob)) !== undefined;
    if (isKept) await blobs.unhide(blob);
    else if (image === "waits") await blobs.hide(blob);
    else await blobs.removeHidden(blob);
    const next = isKept ? "kept" : image === "waits" ? "hidden" : "gone";
    await hub.rows(
      "update deleted_samples set image = $3, image_at = $4 where fleet = $1 and blob = $2 and image in ('waits', 'hidden')",
      [hub.fleet, blob, next, now],
    );
  }
}
