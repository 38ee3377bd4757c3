import { useState } from "react";
import { Dialog } from "../app/dialog.tsx";
import classes from "./help-dialog.module.css";
import { useAllShortcuts, useShortcuts } from "./use-shortcuts.ts";

/** Every shortcut of the page that is open, behind `?`. */
export function HelpDialog() {
  const [isOpen, setOpen] = useState(false);
  useShortcuts([{ keys: "?", title: "Show these shortcuts", group: "Anywhere", run: () => setOpen(true) }]);
  const groups = [...Map.groupBy(useAllShortcuts(), ({ group }) => group)];
  return (
    <Dialog title="Keyboard" isOpen={isOpen} onClose={() => setOpen(false)}>
      {groups.map(([group, shortcuts]) => (
        <section key={group} className={classes.group}>
          <h3>{group}</h3>
          <dl>
            {shortcuts.map(({ keys, title }) => (
              <div key={keys} className={classes.row}>
                <dt>
                  {keys.split(" ").map((key, index) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: a key may come twice in a row
                    <kbd key={index}>{key}</kbd>
                  ))}
                </dt>
                <dd>{title}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
