/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_OPEN_CALL_H
#define SEALWATCH_OPEN_CALL_H

#include "answer.h"

/* Answers an open whose path and flags were taken from the thread. */
void open_call_answer(struct call *call);

#endif
