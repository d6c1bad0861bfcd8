import { formatOf } from "../format.ts";

export const { plural, list, series } = formatOf("en-GB"); // "Ann, Bob and Cleo" without a comma before the last
