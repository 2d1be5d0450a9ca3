/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket to the guard. Both ways come frames: the bytes of what follows the kind as four bytes, little-endian,
 * then the kind, then those bytes. Numbers are four bytes, little-endian.
 */
#ifndef SEALWATCH_CONTROL_H
#define SEALWATCH_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONTROL_FD 3
/* Bytes of one frame behind its kind. */
#define FRAME_BYTES (512 * 1024)
/* Bytes of each kind that one side has sent and the other has not taken. */
#define WINDOW_BYTES (1024 * 1024)

/* What the relay tells. */
enum told {
	/* bytes of the client, of the server, that the guard has to decide about */
	TOLD_CLIENT = 'c',
	TOLD_SERVER = 's',
	/* lines of the client that were passed; none where some were, and are told later */
	TOLD_PASSED = 'e',
	/* nothing: the client, the server sends no more */
	TOLD_CLIENT_ENDED = 'q',
	TOLD_SERVER_ENDED = 'p',
	/* two numbers: bytes of the guard's that the server's input, the client took */
	TOLD_WRITTEN = 'w',
	/* nothing: an answer that was passed in pieces turned out to be none */
	TOLD_BROKEN = 'm',
};

/* What the guard orders. */
enum order {
	/* bytes of the server that were read before; the first of all frames */
	ORDER_START = '<',
	/* bytes for the server, for the client */
	ORDER_TO_SERVER = 'S',
	ORDER_TO_CLIENT = 'C',
	/* nothing: the server's input ends */
	ORDER_END_SERVER = 'E',
	/* five numbers: bytes of the client taken and handled, of the server taken and handled, of passed lines taken */
	ORDER_TAKEN = 'a',
	/* milliseconds for which calls may pass, then names (names.h) */
	ORDER_OPEN = 'o',
	/* milliseconds for which calls may pass from now on, where any may */
	ORDER_RENEW = 'r',
	/* nothing: no call passes */
	ORDER_CLOSE = 'x',
	/* nothing: every line of the server is the guard's; or only those that may matter */
	ORDER_WATCH = 'w',
	ORDER_UNWATCH = 'u',
	/* nothing: what waits is written, then the relay ends */
	ORDER_FINISH = 'z',
};

void tell(enum told kind, const void *bytes, size_t length);
void tell_numbers(enum told kind, uint32_t first, uint32_t second);

/* Sends what the socket takes; 0, or -errno where the guard is gone. */
int control_flush(void);

/* Bytes that were told and are not sent. */
size_t control_waiting(void);

/* The process that holds the other end: who made the socket (socket(7), SO_PEERCRED). */
pid_t control_peer(void);

uint32_t number_at(const unsigned char *bytes);

/*
 * Reads once, and has whole frames carried out by `handle`, which answers 0 or -EPROTO. Returns 0, 1 where the guard is
 * gone, or -errno.
 */
int control_read(int (*handle)(enum order kind, const unsigned char *bytes, size_t length));

#endif
