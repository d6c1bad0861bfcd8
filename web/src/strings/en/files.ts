import { isolate } from "../isolate.ts";
import { plural } from "./format.ts";

const units = ["kilobyte", "megabyte", "gigabyte"] as const;

/** "12 kB", "3.4 MB" */
function size(bytes: number): string {
  const step = Math.min(2, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3) - 1));
  const n = bytes / 1000 ** (step + 1);
  return new Intl.NumberFormat("en-GB", { style: "unit", unit: units[step]!, maximumFractionDigits: n < 10 && step > 0 ? 1 : 0 }).format(n < 1 ? Math.ceil(n) : n);
}

export const files = {
  attach: "Attach files",
  choose: "Choose files",
  camera: "Take a photo",
  attached: "Attached files",
  drop: "Drop files to attach them",
  remove: (name: string) => `Remove ${isolate(name)}`,
  describe: "Add description",
  describePicture: (name: string) => `Add description: ${isolate(name)}`,
  described: (name: string, alt: string) => `Edit description of ${isolate(name)}: ${isolate(alt)}`,
  describeTitle: "Describe the picture",
  description: "Description",
  descriptionWhy: "Screen readers read this to people who can't see the picture.",
  cancelDescription: "Cancel",
  saveDescription: "Save",
  asFile: "Send as files",
  asFileWhy: "Photos and videos are sent unchanged, including where and with what device they were taken.",
  tooMany: (most: number) => `You can attach up to ${most} files to a message.`,
  tooLarge: (name: string, most: number) => `${isolate(name)} is too large. Files can be up to ${size(most)}.`,
  folder: "You can't send folders. Choose the files inside instead.",
  notHere: "This server doesn't accept files.",
  uploading: "Uploading…",
  progress: (name: string) => `Uploading ${isolate(name)}`,
  cancel: (name: string) => `Cancel the upload of ${isolate(name)}`,
  list: "Files",
  size,
  gif: "GIF",
  play: (name: string) => `Play ${isolate(name)}`,
  stop: (name: string) => `Stop ${isolate(name)}`,
  view: (name: string) => `View ${isolate(name)}`,
  video: (name: string) => `Video: ${isolate(name)}`,
  audio: (name: string) => `Audio: ${isolate(name)}`,
  download: "Download",
  downloadFile: (name: string, bytes: number) => `Download ${isolate(name)}, ${size(bytes)}`,
  preview: (kind: "image" | "video" | "audio", alt?: string) => {
    const noun = { image: "Photo", video: "Video", audio: "Audio" }[kind];
    return alt ? `${noun}: ${isolate(alt)}` : noun;
  },
  file: (name: string) => `File: ${isolate(name)}`,
  count: (n: number) => plural(n, { one: "# file", other: "# files" }),
  photos: (n: number) => plural(n, { one: "# photo", other: "# photos" }),
  position: (n: number, all: number) => `${n} of ${all}`,
  previous: "Previous",
  next: "Next",
  close: "Close",
  zoom: "Zoom",
  ofChat: "Files",
  kinds: { image: "Photos", video: "Videos", audio: "Audio", other: "Other files" },
  none: "No files yet.",
  loading: "Loading files…",
  failed: "Couldn't load files.",
  again: "Try again",
  more: "Show more",
  show: "Show in chat",
};
