import type { Random } from "@fieldloop/compiler/statistics";

/** One independent unit that could be answered: a whole track, or a sample that belongs to none. */
export type Candidate = {
  readonly id: string;
  /** Mean embedding of its samples, all from one release's space. */
  readonly embedding: readonly number[];
  /** 1 − mean margin of its samples; higher is less sure. */
  readonly uncertainty: number;
};

/** A chosen unit. represents: how many candidates lie nearest to its cluster's centre · cluster: from 1, largest first */
export type Choice = {
  readonly candidate: Candidate;
  readonly cluster: number;
  readonly clusters: number;
  readonly represents: number;
};

const rounds = 12;
/** Candidates this close to the nearest one, as a share of its distance, count as equally near: the less sure one wins. */
const tieShare = 1.1;

/**
 * Chooses units that together cover the embedding space: as many clusters as answers (k-means, k-means++ seeding), one
 * unit per cluster nearest to its centre, ties by uncertainty, larger clusters first so that any prefix is broad too.
 * answered: units that have an answer already; their clusters are covered and come last
 */
export function chooseBroadly(
  candidates: readonly Candidate[],
  answered: readonly Candidate[],
  count: number,
  random: Random,
): Choice[] {
  const wanted = Math.min(count, candidates.length);
  if (wanted === 0) return [];
  const everything = [...candidates, ...answered];
  const isOpen = new Set(candidates.map((candidate) => candidate.id));
  const clusters = cluster(everything, Math.min(everything.length, wanted + answered.length), random);
  const ranked = clusters.toSorted(
    (a, b) => coverage(a, isOpen) - coverage(b, isOpen) || b.members.length - a.members.length,
  );
  const chosen: Choice[] = [];
  const taken = new Set<string>();
  while (chosen.length < wanted) {
    for (const [index, group] of ranked.entries()) {
      if (chosen.length === wanted) break;
      const open = group.members.filter((member) => isOpen.has(member.id) && !taken.has(member.id));
      const best = nearestLeastSure(open, group.centre);
      if (best === undefined) continue;
      taken.add(best.id);
      chosen.push({ candidate: best, cluster: index + 1, clusters: ranked.length, represents: group.members.length });
    }
  }
  return chosen;
}

type Cluster = { readonly centre: readonly number[]; readonly members: readonly Candidate[] };

const coverage = (group: Cluster, isOpen: ReadonlySet<string>): number =>
  group.members.some((member) => !isOpen.has(member.id)) ? 1 : 0;

function nearestLeastSure(members: readonly Candidate[], centre: readonly number[]): Candidate | undefined {
  const measured = members.map((member) => ({ member, distance: Math.sqrt(squared(member.embedding, centre)) }));
  const nearest = Math.min(...measured.map((each) => each.distance));
  return measured
    .filter((each) => each.distance <= nearest * tieShare)
    .reduce<Candidate | undefined>(
      (best, { member }) => (best === undefined || member.uncertainty > best.uncertainty ? member : best),
      undefined,
    );
}

function cluster(items: readonly Candidate[], count: number, random: Random): Cluster[] {
  let centres = spreadCentres(items, count, random);
  let groups = assign(items, centres);
  for (let round = 0; round < rounds; round += 1) {
    centres = groups.map((members, index) => (members.length > 0 ? meanOf(members) : centres[index]!));
    groups = assign(items, centres);
  }
  return groups
    .map((members, index) => ({ members, centre: centres[index]! }))
    .filter(({ members }) => members.length > 0);
}

/** k-means++ (Arthur & Vassilvitskii 2007): each centre is drawn in proportion to its squared distance to the ones before. */
function spreadCentres(items: readonly Candidate[], count: number, random: Random): (readonly number[])[] {
  const centres = [items[Math.floor(random() * items.length)]!.embedding];
  const nearest = items.map((item) => squared(item.embedding, centres[0]!));
  while (centres.length < count) {
    const total = nearest.reduce((sum, value) => sum + value, 0);
    if (total === 0) break;
    let draw = random() * total;
    const index = nearest.findIndex((value) => {
      draw -= value;
      return draw < 0;
    });
    const centre = items[index === -1 ? items.length - 1 : index]!.embedding;
    centres.push(centre);
    for (const [each, item] of items.entries())
      nearest[each] = Math.min(nearest[each]!, squared(item.embedding, centre));
  }
  return centres;
}

function assign(items: readonly Candidate[], centres: readonly (readonly number[])[]): Candidate[][] {
  const groups: Candidate[][] = centres.map(() => []);
  for (const item of items) {
    let best = 0;
    let bestDistance = Number.POSITIVE_INFINITY;
    for (const [index, centre] of centres.entries()) {
      const distance = squared(item.embedding, centre);
      if (distance < bestDistance) {
        best = index;
        bestDistance = distance;
      }
    }
    groups[best]!.push(item);
  }
  return groups;
}

/** The component-wise mean of some units' embeddings. */
export function meanOf(items: readonly { readonly embedding: readonly number[] }[]): number[] {
  const size = items[0]?.embedding.length ?? 0;
  return Array.from({ length: size }, (_, index) => {
    let total = 0;
    for (const item of items) total += item.embedding[index] ?? 0;
    return total / items.length;
  });
}

function squared(a: readonly number[], b: readonly number[]): number {
  let total = 0;
  for (let index = 0; index < a.length; index += 1) total += (a[index]! - (b[index] ?? 0)) ** 2;
  return total;
}
