import { compileVersion, fitCards } from "@fieldloop/compiler";
import { type CompiledTarget, readCompileWork, writeCompiled } from "./compile-folder.ts";

const folder = process.argv[2] ?? "";
const abandon = () => process.exit(143);
process.on("disconnect", abandon); // the hub is gone: nobody would take the result

const { components, targets, head, calibration, judged } = await readCompileWork(folder);
const { variants, calibrationDigests } = await compileVersion({ components, targets, calibration });
process.send?.({ progress: 0.5 });

const files = targets.map((target) => ({
  target,
  components: variants.filter((variant) => variant.target === target),
}));
const reference = files.find(({ target }) => target === "ort-cpu-fp32") ?? files[0]!;
const cards = await fitCards({ variants: files, reference, head, images: judged, calibrationDigests });

const compiled: CompiledTarget[] = files.map((each, index) => ({
  target: each.target,
  components: Object.fromEntries(each.components.map(({ component, digest, bytes }) => [component, { digest, bytes }])),
  fitCard: cards[index]!,
}));
await writeCompiled(folder, compiled);
process.off("disconnect", abandon);
process.disconnect();
