/** The sign of fieldloop: a loop of three strokes, one of them the field's. */
export function Mark() {
  return (
    <svg
      width="26"
      height="26"
      viewBox="0 0 32 32"
      fill="none"
      strokeWidth="3.2"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <path d="M16 6.500a9.500 9.500 0 0 1 9 6.600" stroke="var(--accent)" />
      <path d="M25.400 16.800A9.500 9.500 0 0 1 9.600 23" stroke="var(--accent)" />
      <path d="M7 19.200A9.500 9.500 0 0 1 10.300 8.500" stroke="var(--field)" />
      <circle cx="16" cy="16" r="2.800" fill="var(--ink)" />
    </svg>
  );
}
