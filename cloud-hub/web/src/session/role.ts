/** What a person may do; each role includes those before it. */
export const roles = ["viewer", "labeller", "operator", "admin"] as const;
export type Role = (typeof roles)[number];

/** Whether a role includes another. */
export function includes(role: Role | null, needed: Role): boolean {
  return role !== null && roles.indexOf(role) >= roles.indexOf(needed);
}

/** Why an action is out of reach, as a sentence, or undefined when it is not. */
export function whyNot(role: Role | null, needed: Role): string | undefined {
  if (includes(role, needed)) return undefined;
  const article = /^[aeiou]/.test(needed) ? "an" : "a";
  return role === null || role === "viewer"
    ? `Sign in as ${article} ${needed} to do this.`
    : `This needs the role ${needed}; you are signed in as ${role}.`;
}
