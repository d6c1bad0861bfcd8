import { useState } from "react";
import { explain } from "../strings/failure.ts";

/** The error of a form, by field. */
export function useFormError() {
  const [error, setError] = useState<{ field?: string; message: string }>();
  const at = (field: string) => (error?.field === field ? error.message : undefined);
  const elsewhere = (...fields: string[]) => (error && !fields.includes(error.field ?? "") ? error.message : undefined);
  return { at, elsewhere, clear: () => setError(undefined), set: (err: unknown) => setError(explain(err)) };
}
