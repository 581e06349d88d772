// @ts-check
// Where programs of a user keep what they can make again.

/**
 * @param {string} platform as process.platform
 * @param {Record<string, string | undefined>} environment
 * @param {string} home
 */
export function cacheFolder(platform, environment, home) {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = environment;
  if (platform === "win32") return LOCALAPPDATA || `${home}\\AppData\\Local`;
  if (platform === "darwin") return `${home}/Library/Caches`;
  // The XDG Base Directory Specification wants paths that are not absolute ignored.
  return XDG_CACHE_HOME?.startsWith("/") ? XDG_CACHE_HOME : `${home}/.cache`;
}
