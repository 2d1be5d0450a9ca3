/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_SUBTREE_H
#define SEALWATCH_SUBTREE_H

/*
 * Sends a signal to each process that came out of this one, however it was forked or in whatever session it is: who
 * loses its parent becomes a child of this process, the subreaper (prctl(2), PR_SET_CHILD_SUBREAPER). Who is forked
 * meanwhile may be missed: call it until no child is left.
 */
void subtree_signal(int number);

#endif
