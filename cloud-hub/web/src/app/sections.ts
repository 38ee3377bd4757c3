import {
  IconBox,
  IconDeviceDesktopAnalytics,
  IconInfinity,
  IconPhoto,
  IconProgressCheck,
  type IconProps,
  IconSchool,
} from "@tabler/icons-react";
import type { LinkProps } from "@tanstack/react-router";
import type { ComponentType } from "react";

/** A part of the page that the navigation leads to. keys: its shortcut */
export type Section = {
  readonly to: NonNullable<LinkProps["to"]>;
  readonly title: string;
  readonly keys: string;
  readonly icon: ComponentType<IconProps>;
};

/** Every section, in the order of the navigation. */
export const sections: readonly Section[] = [
  { to: "/", title: "Loop", keys: "g l", icon: IconInfinity },
  { to: "/devices", title: "Devices", keys: "g d", icon: IconDeviceDesktopAnalytics },
  { to: "/samples", title: "Samples", keys: "g s", icon: IconPhoto },
  { to: "/runs", title: "Runs", keys: "g r", icon: IconSchool },
  { to: "/models", title: "Models", keys: "g m", icon: IconBox },
  { to: "/rollouts", title: "Rollouts", keys: "g o", icon: IconProgressCheck },
];
