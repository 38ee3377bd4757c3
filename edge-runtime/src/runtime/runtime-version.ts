/** The version of this runtime, as it stands in its package. */
export const runtimeVersion = "0.1.0";
