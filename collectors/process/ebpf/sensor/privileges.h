/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_PRIVILEGES_H
#define SEALWATCH_PRIVILEGES_H

/* Gives up, for good, every right that a sensor which is armed needs no more; 0, or -errno. */
int privileges_drop(void);

#endif
