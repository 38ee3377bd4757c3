import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import type { SamplingPolicy } from "@fieldloop/devices";
import { Command } from "commander";
import { extract } from "tar-stream";
import { type ConnectionOptions, connect, withConnection } from "../connection.ts";
import { brief, print } from "../output.ts";

/** `fieldloop release`: make a release, give it to a device, carry it on a stick. */
export const releaseCommand = (): Command =>
  new Command("release")
    .description("what devices run")
    .addCommand(create())
    .addCommand(show())
    .addCommand(assign())
    .addCommand(bundle());

type CreateOptions = ConnectionOptions & {
  policy: string;
  profile?: string[];
  accept?: string;
  acceptedBy?: string;
  reason?: string;
};

const create = (): Command =>
  withConnection(new Command("create"))
    .description("sign a release of a compiled version")
    .argument("<version>")
    .requiredOption("--policy <file>", "JSON file with the sampling policy")
    .option("--profile <name...>", "profiles to serve; all that have a variant unless given")
    .option(
      "--accept <reason>",
      "take a variant outside its budget, and a version that did not pass its gate, and say why",
    )
    .option("--accepted-by <name>", "who accepts it, when it is not the caller")
    .option("--reason <text>", "why, when --accept does not say it")
    .action(async (version: string, options: CreateOptions) => {
      // The hub checks the policy against its schema.
      const policy = JSON.parse(await readFile(options.policy, "utf8")) as SamplingPolicy;
      const { acceptedBy, reason = options.accept } = options;
      const by = acceptedBy === undefined ? {} : { by: acceptedBy };
      const accept = acceptedBy === undefined && reason === undefined ? undefined : { ...by, reason: reason ?? "" };
      const release = await (await connect(options)).createRelease({
        version,
        policy,
        profiles: options.profile,
        accept,
      });
      print(options, release, () => [
        `Release ${release.digest}`,
        ...Object.entries(release.profiles).map(([name, { target, why }]) => `  ${name}: ${target}; ${why}`),
      ]);
    });

const show = (): Command =>
  withConnection(new Command("show"))
    .description("show one release")
    .argument("<digest>")
    .action(async (digest: string, options: ConnectionOptions) => {
      const release = await (await connect(options)).release(digest);
      print(options, release, () => [JSON.stringify(release, undefined, 2)]);
    });

const assign = (): Command =>
  withConnection(new Command("assign"))
    .description("tell a device to run a release")
    .argument("<device>")
    .argument("<digest>")
    .option("--force", "also when the release has no variant for the device's profile")
    .action(async (device: string, release: string, options: ConnectionOptions & { force?: boolean }) => {
      const answer = await (await connect(options)).setDesired({ device, release, force: options.force });
      print(options, answer, () => [`Device ${device} shall run ${brief(release)} (desired state ${answer.number}).`]);
    });

const bundle = (): Command =>
  withConnection(new Command("bundle"))
    .description("write a signed release and the device's desired state into a folder")
    .argument("<digest>")
    .argument("<device>")
    .argument("<folder>")
    .action(async (digest: string, device: string, folder: string, options: ConnectionOptions) => {
      const files = await unpack(await (await connect(options)).bundle(digest, device), folder);
      print(options, { folder, files }, () => [`Wrote ${files} files to ${folder}.`]);
    });

async function unpack(tar: Uint8Array, folder: string): Promise<number> {
  const reader = extract();
  reader.end(tar);
  let files = 0;
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const path = join(folder, normalize(`/${entry.header.name}`));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, Buffer.concat(chunks));
    files += 1;
  }
  return files;
}
