/** The API group and version of every Aloft kind. */
export const group = "aloft.dev";
export const version = "v1alpha1";
export const apiVersion = `${group}/${version}`;

/** On a VirtualIP until every candidate has given its addresses up (or is known to be dead). */
export const releaseFinalizer = `${group}/release`;

/** On a Node with the value "true": its agent hands over all that it holds, and the node is no candidate until the annotation is gone. */
export const drainAnnotation = `${group}/drain`;
