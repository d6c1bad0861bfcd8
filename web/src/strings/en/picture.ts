export const picture = {
  mine: "Profile picture",
  ofGroup: "Group picture",
  change: "Change picture",
  choose: "Choose a picture",
  drop: "Or drop one here.",
  crop: "Crop picture",
  cropHint: "Drag the picture to move it. On the keyboard, use the arrow keys, + and −.",
  zoom: "Zoom",
  save: "Save",
  remove: "Remove",
  back: "Back",
  unreadable: "Couldn't open this picture. Choose a JPEG, PNG, GIF or WebP file.",
};
