import { Button, PasswordInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { Dialog } from "../app/dialog.tsx";
import classes from "./session.module.css";
import { useSignIn } from "./session.ts";

/** Asks for a token and signs in with it. */
export function SignInDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog title="Sign in" isOpen={isOpen} onClose={onClose}>
      <SignInForm onDone={onClose} />
    </Dialog>
  );
}

/** The form by itself, where a page has nothing else to show. */
export function SignInForm({ onDone }: { onDone?: () => void }) {
  const [token, setToken] = useState("");
  const signIn = useSignIn();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate(token.trim(), { onSuccess: onDone });
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <PasswordInput
        label="Token"
        description='Yours, from "fieldloop people add", or the hub’s own, in the file "token" of its data folder.'
        value={token}
        onChange={(event) => setToken(event.currentTarget.value)}
        error={signIn.error?.message}
        autoComplete="current-password"
        data-autofocus
        required
      />
      <Button type="submit" loading={signIn.isPending} disabled={token.trim() === ""}>
        Sign in
      </Button>
    </form>
  );
}
