import { Menu } from "@mantine/core";
import {
  IconDeviceDesktop,
  IconKeyboard,
  IconLogin,
  IconLogout,
  IconMoon,
  IconSun,
  IconUser,
} from "@tabler/icons-react";
import { useState } from "react";
import { useScheme } from "../app/scheme.ts";
import { useAllShortcuts } from "../keyboard/use-shortcuts.ts";
import classes from "./session.module.css";
import { useSession, useSignOut } from "./session.ts";
import { SignInDialog } from "./sign-in-dialog.tsx";

const schemes = [
  { name: "light", title: "Light", Icon: IconSun },
  { name: "dark", title: "Dark", Icon: IconMoon },
  { name: "auto", title: "As the system", Icon: IconDeviceDesktop },
] as const;

/** Who one is, signing in and out, light and dark. isShort: only the icon */
export function PersonMenu({ isShort = false }: { isShort?: boolean }) {
  const session = useSession();
  const name = session?.person?.name ?? null;
  const signOut = useSignOut();
  const [isSigningIn, setSigningIn] = useState(false);
  const { chosen, choose } = useScheme();
  const help = useAllShortcuts().find(({ keys }) => keys === "?");
  const title = name ?? "Not signed in";
  return (
    <>
      <Menu position="top-start" withinPortal shadow="md" width={220}>
        <Menu.Target>
          <button type="button" className={classes.menu}>
            <IconUser size={20} stroke={1.7} aria-hidden />
            <span className="visually-hidden">Settings,</span>
            {isShort ? (
              <span className="visually-hidden">{title}</span>
            ) : (
              <span className={classes.person}>
                {title}
                <span className={classes.role}>{session?.person?.role ?? "sign in to change things"}</span>
              </span>
            )}
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {name === null ? (
            <Menu.Item leftSection={<IconLogin size={16} />} onClick={() => setSigningIn(true)}>
              Sign in
            </Menu.Item>
          ) : (
            <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => signOut.mutate()}>
              Sign out {name}
            </Menu.Item>
          )}
          <Menu.Divider />
          <Menu.Label>Colours</Menu.Label>
          {schemes.map(({ name: scheme, title: word, Icon }) => (
            <Menu.Item
              key={scheme}
              leftSection={<Icon size={16} />}
              rightSection={chosen === scheme ? "✓" : undefined}
              onClick={() => choose(scheme)}
            >
              {word}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconKeyboard size={16} />} rightSection={<kbd>?</kbd>} onClick={() => help?.run()}>
            Keyboard
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <SignInDialog isOpen={isSigningIn} onClose={() => setSigningIn(false)} />
    </>
  );
}
