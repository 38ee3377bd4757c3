import { Mark } from "../app/mark.tsx";
import { usePageTitle } from "../app/page-header.tsx";
import classes from "./session.module.css";
import { SignInForm } from "./sign-in-dialog.tsx";

/** All there is for somebody whom the hub does not know. */
export function SignInPage() {
  usePageTitle("Sign in");
  return (
    <section className={classes.page} aria-labelledby="sign-in">
      <Mark />
      <h1 id="sign-in">Sign in to this hub</h1>
      <SignInForm />
    </section>
  );
}
