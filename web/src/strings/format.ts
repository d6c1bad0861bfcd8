/** The grammatical forms of a sentence with a number, which # stands for. A language needs those that its plural rules have. */
export type PluralForms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };

/** Returns how a language writes numbers, plurals and lists. */
export function formatOf(language: string) {
  const rules = new Intl.PluralRules(language);
  const number = new Intl.NumberFormat(language);
  const lists = new Intl.ListFormat(language, { type: "conjunction" });
  const plain = new Intl.ListFormat(language, { type: "unit", style: "short" });
  return {
    plural: (n: number, forms: PluralForms): string => (forms[rules.select(n)] ?? forms.other).replace("#", number.format(n)),
    /** "Ann, Bob and Cleo" */
    list: (names: readonly string[]): string => lists.format(names),
    /** "Ann, Bob, Cleo": for names that make one name, such as a chat's. */
    series: (names: readonly string[]): string => plain.format(names),
  };
}
