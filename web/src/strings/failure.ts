// What core says where the server said nothing.
export const failure = {
  noAnswer: "The server did not answer.",
  noConnection: "There is no connection.",
  broke: "The connection broke before the server answered.",
  tooLong: "This is too long to send.",
  nobody: "Nobody is signed in.",
};
