// What the page does not need at its start, in one file: it comes as a whole, or not at all.
export { default as Alone } from "../me/Alone.tsx";
export { default as InviteCard } from "../me/InviteCard.tsx";
export { default as Browse } from "../rail/Browse.tsx";
export { default as Help } from "../rail/Help.tsx";
export { default as Jump } from "../rail/Jump.tsx";
export { default as LongList } from "../rail/LongList.tsx";
export { default as NewChat } from "../rail/NewChat.tsx";
export { default as Leave } from "../talk/Leave.tsx";
export { default as Members } from "../talk/Members.tsx";
export { default as Rename } from "../talk/Rename.tsx";
export { default as EmojiPicker } from "../write/EmojiPicker.tsx";
