import { profiles } from "@fieldloop/devices";

/** A camera at the roadside: one device, enrolled with the profile it declares. */
export type Camera = { readonly name: string; readonly profile: string; readonly simulated: boolean };

/** The group of devices that every rollout of the demo goes to. */
export const groupName = "crossroads";

const ownProfile =
  profiles.find(({ processor }) => processor === (process.arch === "x64" ? "x86-64" : "arm64"))?.name ?? "x86-64";

/** The demo's devices. The first is what this machine is; the others declare a profile and are shown as simulated. */
export const cameras: readonly [Camera, ...Camera[]] = [
  { name: "camera-north", profile: ownProfile, simulated: false },
  { name: "camera-east", profile: "raspberry-pi-5", simulated: true },
  { name: "camera-south", profile: "jetson-orin-nano", simulated: true },
];

/** The camera to which releases are also offered by hand, on a stick. */
export const firstCamera: Camera = cameras[0];
