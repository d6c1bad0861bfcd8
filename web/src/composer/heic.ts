// HEIC pictures, as phones take them, become JPEG in browsers that can show them. Others send them as files.

/** Reports whether the file is an HEIC picture; browsers that do not know the type leave it empty. */
export const isHeic = (file: File): boolean => /^image\/hei[cf]/.test(file.type) || (!file.type && /\.hei[cf]$/i.test(file.name));

/** Returns the picture as JPEG; undefined if decode cannot read it. */
export async function heicAsJpeg(file: File, decode: (picture: Blob) => Promise<Blob | undefined> = drawn): Promise<File | undefined> {
  const jpeg = await decode(file).catch(() => undefined);
  return jpeg && new File([jpeg], file.name.replace(/(\.hei[cf])?$/i, ".jpg"), { type: "image/jpeg", lastModified: file.lastModified });
}

/** Decodes a picture as the browser shows it, upright, and encodes it as JPEG. */
async function drawn(picture: Blob): Promise<Blob | undefined> {
  const image = new Image();
  image.src = URL.createObjectURL(picture);
  try {
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight });
    canvas.getContext("2d")!.drawImage(image, 0, 0);
    return await new Promise((ok) => canvas.toBlob((b) => ok(b ?? undefined), "image/jpeg", 0.9));
  } finally {
    URL.revokeObjectURL(image.src);
  }
}
