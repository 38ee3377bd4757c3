import { createHash } from "node:crypto";

/** A digest that looks like any other, by name. */
export const digestNamed = (name: string): string => `sha256:${createHash("sha256").update(name).digest("hex")}`;

const hourMs = 3_600_000;

/** Prepared releases: as lists show them, and whole ones by digest. */
export function stagedReleases(now: number) {
  const list = ["v5", "v4", "v3", "v2", "v1"].map((name, index) => ({
    digest: digestNamed(name),
    version: digestNamed(`version ${name}`),
    model: "road-signs",
    createdAt: now - (index * 26 + 1) * hourMs,
    createdBy: "ada",
    profiles: profiles(),
    accepted: null,
    devices: index === 1 ? 22 : index === 0 ? 4 : 0,
  }));
  return {
    list,
    whole: (digest: string) => {
      const found = list.find((release) => release.digest === digest);
      if (found === undefined) return undefined;
      const { version, createdAt, model } = found;
      return { digest, version, createdAt, profiles: profiles(), manifest: { model, fitCards: fitCards() } };
    },
  };
}

const profiles = () => ({
  "x86-64": { target: "int8-vnni", why: "int8 on a processor with VNNI is the fastest within its budget." },
  "raspberry-pi-4": { target: "fp32", why: "int8 has no faster kernels on this processor." },
});

function fitCards() {
  const card = {
    components: {},
    agreement: { value: 0.992, low: 0.986, high: 0.996, n: 1_500 },
    sizeRatio: 0.28,
    peakMemoryBytes: 41_200_000,
  };
  return [
    {
      ...card,
      target: "int8-vnni",
      accuracy: { value: 0.947, low: 0.934, high: 0.958, n: 1_500 },
      difference: { value: -0.003, low: -0.008, high: 0.002, n: 1_500 },
      latency: {
        p50Us: 410,
        p95Us: 560,
        n: 400,
        machine: { name: "AMD EPYC", cores: 2, threads: 1, engine: "onnxruntime 1.24" },
      },
      sizeBytes: 118_400,
    },
    {
      ...card,
      target: "fp32",
      accuracy: { value: 0.95, low: 0.937, high: 0.961, n: 1_500 },
      agreement: null,
      difference: null,
      latency: null,
      sizeBytes: 421_000,
    },
  ];
}
