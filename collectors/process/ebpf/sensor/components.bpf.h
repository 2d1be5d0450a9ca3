/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Bounds of a path as its components. */
#ifndef SEALWATCH_COMPONENTS_BPF_H
#define SEALWATCH_COMPONENTS_BPF_H

#define COMPONENT_BYTES 256 /* NAME_MAX and its NUL */
#define PATH_STEPS 128	    /* names and mounts from a leaf to the root */

#endif
