import type { HealthWindow } from "@fieldloop/cloud-hub/health";
import { type Random, seededRandom } from "@fieldloop/compiler/statistics";

/** What is wrong with a release. */
export const faults = ["none", "accuracy", "confidence", "latency", "errors"] as const;
export type Fault = (typeof faults)[number];

/**
 * How devices of a simulated fleet differ and wander. slowShare: of the variance within the correlation, the part that
 * wanders; the rest stays for good · wanderingMs: how long it remembers · duskSpread: how differently devices feel dusk, one
 * standard deviation as a share of it · errorScale: where errors correlate by 0.3; on the `observed` scale that means that one
 * device in a hundred fails on a tenth of its frames, on the `latent` (logit) one that rates differ by a factor of three
 */
export type Temper = {
  readonly slowShare: number;
  readonly wanderingMs: number;
  readonly duskSpread: number;
  readonly errorScale: "latent" | "observed";
};

/** The fleet of the published figures, and a harder one. */
export const tempers = {
  usual: { slowShare: 1 / 3, wanderingMs: 300_000, duskSpread: 0, errorScale: "latent" },
  hard: { slowShare: 2 / 3, wanderingMs: 1_800_000, duskSpread: 0.25, errorScale: "observed" },
} as const satisfies Record<string, Temper>;

/** Correlation of two observations of one device at one time. */
export const correlation = 0.3;
export const framesPerSecond = 30;
/** Share of frames for which an outcome is reported. */
export const outcomeShare = 0.05;

const confidenceMean = 0.85;
const confidenceVariance = 0.04;
const badShare = 0.1;
const errorShare = 0.001;
const latencyMean = Math.log(5000);
const latencyVariance = 0.25;
const dropShare = 0.005;
const restartsPerHour = 0.02;
const classes = 8;
/** Frames come in tracks that agree with themselves: 8 frames of correlation 0.5 tell as much as 1.8. */
const trackDesign = 4.5;

/** What dusk does to everybody: mean confidence lost, bad outcomes won, and how far the mix of classes moves. */
const dusk = { confidence: 0.2, bad: 0.1, mix: 0.5, rampMs: 1_800_000 } as const;
/** What each fault does. */
const harm = { accuracy: 0.1, confidence: 0.3, latency: Math.log(2), errors: 0.02 } as const;

/** A fleet of one rollout: windows of every device, drawn on demand and repeatable by seed. */
export type World = { readonly window: (device: number, at: number, release: "old" | "new") => HealthWindow };

/** Draws a fleet. duskAt: when dusk begins to fall on all devices, ms */
export function drawWorld(options: {
  readonly seed: string;
  readonly devices: number;
  readonly windowMs: number;
  readonly temper: Temper;
  readonly fault: Fault;
  readonly duskAt: number;
}): World {
  const { temper, windowMs, fault, duskAt } = options;
  const random = seededRandom(options.seed);
  const normal = normals(random);
  const devices = Array.from({ length: options.devices }, () => drawDevice(temper, normal));
  const memory = Math.exp(-windowMs / temper.wanderingMs);
  const fresh = Math.sqrt(1 - memory * memory);
  const frames = Math.round((framesPerSecond * windowMs) / 1000);
  return {
    window(index, at, release) {
      const device = devices[index]!;
      for (let trait = 0; trait < device.slow.length; trait += 1) {
        device.slow[trait] = memory * device.slow[trait]! + fresh * normal();
      }
      const gloom = Math.max(0, Math.min(1, (at - duskAt) / dusk.rampMs)) * device.duskiness;
      return drawWindow({ device, temper, frames, at, release, gloom, fault: release === "new" ? fault : "none" });
    },
  };

  function drawWindow({ device, frames: total, at, release, gloom, fault: wrong }: WindowOptions): HealthWindow {
    const errors = binomial(
      total,
      errorRates[temper.errorScale][wrong === "errors" ? "many" : "few"](level(device, temper, traits.errors)),
      normal,
      random,
    );
    const answered = total - errors;
    const mean = confidenceLevel(level(device, temper, traits.confidence)) - gloom * dusk.confidence;
    const sure = Math.max(0.02, mean - (wrong === "confidence" ? harm.confidence : 0));
    const variance = (1 - correlation) * confidenceVariance;
    const confidenceSum =
      answered * Math.min(0.999, Math.max(0.01, sure + Math.sqrt((variance * trackDesign) / answered) * normal()));
    const latency = latencyMean + Math.sqrt(correlation * latencyVariance) * level(device, temper, traits.latency);
    const slowness = wrong === "latency" ? harm.latency : 0;
    const jitter = Math.sqrt(((1 - correlation) * latencyVariance) / answered) * normal();
    const outcomes = binomial(answered, outcomeShare, normal, random);
    const bad = badRate(level(device, temper, traits.bad));
    const worse = gloom * dusk.bad + (wrong === "accuracy" ? harm.accuracy : 0);
    return {
      at,
      release,
      frames: answered,
      errors,
      dropped: binomial(total, dropShare, normal, random),
      confidenceSum,
      confidenceSquares: answered * variance + (confidenceSum * confidenceSum) / answered,
      classCounts: drawMix(device, temper, answered, gloom, normal),
      logLatencySum: answered * (latency + slowness + jitter),
      restarts: random() < (restartsPerHour * windowMs) / 3_600_000 ? 1 : 0,
      outcomes,
      badOutcomes: binomial(outcomes, bad + ((1 - bad) * worse) / (1 - badShare), normal, random),
    };
  }
}

type WindowOptions = {
  readonly device: SimulatedDevice;
  readonly temper: Temper;
  readonly frames: number;
  readonly at: number;
  readonly release: "old" | "new";
  readonly gloom: number;
  readonly fault: Fault;
};

const traits = { confidence: 0, bad: 1, latency: 2, errors: 3, mix: 4 } as const;
const traitCount = traits.mix + classes;

type SimulatedDevice = { readonly lasting: Float64Array; readonly slow: Float64Array; readonly duskiness: number };

function drawDevice(temper: Temper, normal: () => number): SimulatedDevice {
  const draw = () => Float64Array.from({ length: traitCount }, normal);
  return { lasting: draw(), slow: draw(), duskiness: Math.max(0, 1 + temper.duskSpread * normal()) };
}

/** A device's standing in one trait at this time: standard normal, of which a part lasts and a part wanders. */
const level = ({ lasting, slow }: SimulatedDevice, { slowShare }: Temper, trait: number): number =>
  Math.sqrt(1 - slowShare) * lasting[trait]! + Math.sqrt(slowShare) * slow[trait]!;

const confidenceLevel = logitNormal(confidenceMean, correlation * confidenceVariance);
const badRate = logitNormal(badShare, correlation * badShare * (1 - badShare));
const latentSd = Math.sqrt(((correlation / (1 - correlation)) * Math.PI ** 2) / 3);
const errorRates = {
  latent: { few: logitNormalAt(errorShare, latentSd), many: logitNormalAt(harm.errors, latentSd) },
  observed: {
    few: logitNormal(errorShare, correlation * errorShare * (1 - errorShare)),
    many: logitNormal(harm.errors, correlation * harm.errors * (1 - harm.errors)),
  },
};

function drawMix(
  device: SimulatedDevice,
  temper: Temper,
  frames: number,
  gloom: number,
  normal: () => number,
): number[] {
  const weights = Array.from({ length: classes }, (_, index) =>
    Math.exp(0.5 * level(device, temper, traits.mix + index) + dusk.mix * gloom * (index % 2 === 0 ? 1 : -1)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => {
    const expected = (frames * weight) / total;
    return Math.max(0, Math.round(expected + Math.sqrt(expected * trackDesign) * normal()));
  });
}

/** Shares between devices: logit-normal with this mean and variance, as a function of a standard normal standing. */
function logitNormal(mean: number, variance: number): (standing: number) => number {
  const spread = bisect((wide) => logitMoments(centreFor(mean, wide), wide).variance - variance, 0.001, 30);
  return logitNormalAt(mean, spread);
}

/** The same with this mean and this standard deviation of the logit. */
function logitNormalAt(mean: number, spread: number): (standing: number) => number {
  const centre = centreFor(mean, spread);
  return (standing) => logistic(centre + spread * standing);
}

function centreFor(mean: number, spread: number): number {
  return bisect((centre) => logitMoments(centre, spread).mean - mean, -60, 60);
}

function logitMoments(centre: number, spread: number): { readonly mean: number; readonly variance: number } {
  let [mass, first, second] = [0, 0, 0];
  for (let z = -8; z <= 8; z += 0.1) {
    const weight = Math.exp((-z * z) / 2);
    const share = logistic(centre + spread * z);
    mass += weight;
    first += weight * share;
    second += weight * share * share;
  }
  return { mean: first / mass, variance: second / mass - (first / mass) ** 2 };
}

function logistic(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

function bisect(rising: (value: number) => number, low: number, high: number): number {
  let [from, to] = [low, high];
  for (let step = 0; step < 45; step += 1) {
    const middle = (from + to) / 2;
    if (rising(middle) < 0) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}

/** Standard normals in pairs (Box & Muller 1958). */
function normals(random: Random): () => number {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** How many of `total` happen: by counting gaps where few are expected, else by the normal approximation. */
function binomial(total: number, share: number, normal: () => number, random: Random): number {
  const expected = total * share;
  if (share <= 0 || total <= 0) return 0;
  if (share >= 1) return total;
  if (expected > 20 && total - expected > 20) {
    return Math.max(0, Math.min(total, Math.round(expected + Math.sqrt(expected * (1 - share)) * normal())));
  }
  const scale = Math.log1p(-share);
  let found = 0;
  for (let place = gap(); place < total; place += 1 + gap()) found += 1;
  return found;

  function gap(): number {
    return Math.floor(Math.log(1 - random()) / scale);
  }
}
