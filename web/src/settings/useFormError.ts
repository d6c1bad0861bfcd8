import { useState } from "react";
import { explain } from "../strings/failure.ts";

/** The error of a form, by field. */
export function useFormError() {
  const [fault, setFault] = useState<{ field?: string; message: string }>();
  const at = (field: string) => (fault?.field === field ? fault.message : undefined);
  const elsewhere = (...fields: string[]) => (fault && !fields.includes(fault.field ?? "") ? fault.message : undefined);
  return { at, elsewhere, clear: () => setFault(undefined), set: (err: unknown) => setFault(explain(err)) };
}
