/** What people may do; each role includes those before it. */
export const roles = ["viewer", "labeller", "operator", "admin"] as const;
export type Role = (typeof roles)[number];

/** Who calls: the author of what they change. */
export type Person = { readonly name: string; readonly role: Role };

/** Who holds the hub's own token. */
export const hubAdmin: Person = { name: "admin", role: "admin" };

/** Says whether a person's role includes another one. */
export const holdsRole = (person: Person, role: Role): boolean => roles.indexOf(person.role) >= roles.indexOf(role);
