import { createTheme, Menu, Tooltip } from "@mantine/core";

/** Mantine as this page uses it; its colours and sizes come from styles/tokens.css. */
export const theme = createTheme({
  primaryColor: "blue",
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, multiline: true, maw: 320, openDelay: 200 } }),
    Menu: Menu.extend({ defaultProps: { transitionProps: { duration: 90 } } }),
  },
});
