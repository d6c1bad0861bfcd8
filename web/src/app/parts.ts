// What the page does not need at its start, in one chunk: it loads as a whole or not at all.
export { ProfilePage } from "../settings/ProfilePage.tsx";
export { default as PictureDialog } from "../settings/PictureDialog.tsx";
export { ServerPage } from "../settings/ServerPage.tsx";
export { default as InvitePrompt } from "../settings/InvitePrompt.tsx";
export { default as InviteDialog } from "../settings/InviteDialog.tsx";
export { default as BrowseChats } from "../sidebar/BrowseChats.tsx";
export { default as KeyboardHelp } from "../sidebar/KeyboardHelp.tsx";
export { default as QuickSwitcher } from "../sidebar/QuickSwitcher.tsx";
export { default as NewChat } from "../sidebar/NewChat.tsx";
export { default as LeaveChat } from "../conversation/LeaveChat.tsx";
export { default as DeleteChat } from "../conversation/DeleteChat.tsx";
export { default as FileViewer } from "../conversation/FileViewer.tsx";
export { default as ChatFiles } from "../conversation/ChatFiles.tsx";
export { PendingFiles } from "../conversation/PendingFiles.tsx";
export { default as Members } from "../conversation/Members.tsx";
export { default as RenameChat } from "../conversation/RenameChat.tsx";
export { default as EmojiPicker } from "../composer/EmojiPicker.tsx";
