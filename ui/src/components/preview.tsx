/** What is in a file. */
export { Preview } from "./previews";
