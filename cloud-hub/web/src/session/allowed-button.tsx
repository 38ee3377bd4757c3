import { Button, type ButtonProps, Tooltip } from "@mantine/core";
import type { ComponentPropsWithoutRef } from "react";
import { type Role, whyNot } from "./role.ts";
import { useRole } from "./session.ts";

/** A button for what only some roles may do; to others it is disabled and says why on hover and focus. */
export function AllowedButton(
  props: ButtonProps & Omit<ComponentPropsWithoutRef<"button">, "color"> & { needs: Role },
) {
  const { needs, onClick, ...rest } = props;
  const reason = whyNot(useRole(), needs);
  if (reason === undefined) return <Button onClick={onClick} {...rest} />;
  return (
    <Tooltip label={reason} events={{ hover: true, focus: true, touch: true }}>
      <Button
        {...rest}
        data-disabled
        aria-disabled
        aria-description={reason}
        onClick={(event) => event.preventDefault()}
      />
    </Tooltip>
  );
}
