// SPDX-License-Identifier: Apache-2.0
/*
 * sealwatch-sensor: loads the programs of *.bpf.c, writes what they see to stdout as the records
 * of sensor.h, and reads commands of the same form on stdin. It lives until stdin ends: signals from a
 * terminal reach a whole process group, and only the parent knows whether the watch is over. With --serve
 * stdin and stdout are a connection of the socket that systemd hands over, and SIGTERM ends it.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/types.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "census.h"
#include "commands.h"
#include "environment.h"
#include "exec-permission.h"
#include "file-actor.h"
#include "integrity.h"
#include "membership.h"
#include "output.h"
#include "privileges.h"
#include "programs.h"
#include "sensor.h"
#include "service.h"

enum exit_code {
	EXIT_ENDED = 0,
	EXIT_PIPE = 1,
	EXIT_USAGE = 2,
	EXIT_REFUSED = 3,
	EXIT_UNSUPPORTED = 4,
};

/* Counters of loss are looked at so often, and what does not wake us up waits so long. */
#define POLL_MS 200
/* A parent that is slow is asked so often whether it takes more. */
#define FULL_PIPE_POLL_MS 2
#define LOOK_NS 1000000000ULL
/* After so many records in one go stdin gets its turn. */
#define BATCH_RECORDS 4096
#define MIN_RING_BYTES 4096
#define MAX_RING_BYTES (256 * 1024 * 1024)

static struct {
	struct program_options programs;
	bool verbose;
	bool file_actor;
	bool exec_permission;
} options = { .file_actor = true,
	      .programs = { .ring_bytes = 8 * 1024 * 1024, .max_argv_bytes = 8192, .wakes_for_all = true } };

static struct {
	struct programs programs;
	struct ring_buffer *ring;
	unsigned int batch;
	__u64 told_lost;
	__u64 told_lost_members;
	__u64 looked_ns;
	int file_error;
} sensor;

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	if (!options.verbose || level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, format, args);
}

static int emit_ready(void)
{
	struct sensor_ready ready = {
		.header = header_of(SENSOR_READY, sizeof(ready)),
		.epoch_offset_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME),
		.ring_bytes = options.programs.ring_bytes,
		.max_argv_bytes = options.programs.max_argv_bytes,
		.features = sensor.programs.features,
	};

	return emit(&ready, sizeof(ready)) ?: flush();
}

static int emit_loss(void)
{
	const struct sensor_bpf__bss *bss = sensor.programs.skel->bss;
	/* Members first: none may be counted that is not in the sum. */
	__u64 members = __atomic_load_n(&bss->lost_members, __ATOMIC_ACQUIRE);
	__u64 total = __atomic_load_n(&bss->lost, __ATOMIC_ACQUIRE);
	struct sensor_loss loss = {
		.header = header_of(SENSOR_LOSS, sizeof(loss)),
		.time_ns = clock_ns(CLOCK_BOOTTIME),
		.lost = total - sensor.told_lost,
		.lost_members = members - sensor.told_lost_members,
	};

	if (!loss.lost)
		return 0;
	sensor.told_lost = total;
	sensor.told_lost_members = members;
	return emit(&loss, sizeof(loss));
}

static int handle_record(void *ctx, void *record, size_t length)
{
	static unsigned char copy[SENSOR_MAX_RECORD_BYTES];
	const struct sensor_header *header = record;
	int err;

	if (header->type == SENSOR_EXEC) {
		length = length > sizeof(copy) ? 0 : copy_without_environment(record, length, copy);
		if (!length)
			return -EPROTO;
		record = copy;
	}
	err = census_take(record, length);
	if (err)
		return err;
	return ++sensor.batch >= BATCH_RECORDS ? -EAGAIN : 0;
}

/* Passes on up to BATCH_RECORDS records; 1 where more may wait. */
static int pass_on(void)
{
	int n, err;

	sensor.batch = 0;
	n = ring_buffer__consume(sensor.ring);
	if (n < 0 && n != -EAGAIN)
		return n;
	err = emit_loss() ?: flush();
	if (err)
		return err;
	return n == -EAGAIN;
}

/* Passes on at least everything that the ring holds now. */
static int drain(void)
{
	unsigned int rounds = options.programs.ring_bytes / sizeof(struct sensor_exit) / BATCH_RECORDS + 2;
	int more = 1;

	while (more > 0 && rounds-- > 0)
		more = pass_on();
	return more < 0 ? more : 0;
}

static int answer_ping(const struct sensor_ping *ping)
{
	struct sensor_pong pong = {
		.header = header_of(SENSOR_PONG, sizeof(pong)),
		.token = ping->token,
	};

	return drain() ?: file_actor_read() ?: emit(&pong, sizeof(pong)) ?: flush();
}

/* Once a second: members whose credentials changed, and whether somebody else changed what is ours. */
static int look(void)
{
	__u64 now = clock_ns(CLOCK_BOOTTIME);
	struct sensor_tampered tampered = {
		.header = header_of(SENSOR_TAMPERED, sizeof(tampered)),
		.time_ns = now,
	};

	if (now - sensor.looked_ns < LOOK_NS)
		return 0;
	sensor.looked_ns = now;
	service_alive();
	tampered.what = integrity_check(&sensor.programs);
	return membership_look(&sensor.programs) ?: (tampered.what ? emit(&tampered, sizeof(tampered)) : 0);
}

/* Milliseconds. */
static int patience(void)
{
	return output_waiting() ? FULL_PIPE_POLL_MS : POLL_MS;
}

/* Returns 0 when stdin has ended, else what broke. */
static int watch(int epoll)
{
	struct epoll_event event;
	int n, more = 0, err;

	for (;;) {
		n = epoll_wait(epoll, &event, 1, more ? 0 : patience());
		if (n < 0 && errno != EINTR)
			return -errno;
		if (service_stopped())
			return 0;
		if (n > 0 && event.data.fd == STDIN_FILENO) {
			err = commands_read(&sensor.programs, answer_ping);
			if (err)
				return err > 0 ? 0 : err;
		}
		/* Who wrote is known before what it wrote. */
		err = n > 0 && event.data.fd == file_actor_fd() ? (drain() ?: file_actor_read()) : 0;
		err = err ?: exec_permission_read() ?: look();
		if (err)
			return err;
		more = pass_on();
		if (more < 0)
			return more;
	}
}

/* Stdin may be a file or /dev/null, which epoll refuses: then it has ended already. */
static int open_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	event.data.fd = ring_buffer__epoll_fd(sensor.ring);
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event))
		return -errno;
	event.data.fd = file_actor_fd();
	if (event.data.fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event))
		return -errno;
	event.data.fd = exec_permission_fd();
	if (event.data.fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event))
		return -errno;
	event.data.fd = STDIN_FILENO;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event))
		return -errno;
	return epoll;
}

static enum exit_code fail(enum exit_code code, const char *what, int err)
{
	char text[512];

	snprintf(text, sizeof(text), "sealwatch-sensor: %s: %s (errno %d)", what, strerror(-err), -err);
	fprintf(stderr, "%s\n", text);
	service_fail(code, text);
	return code;
}

static enum exit_code load(void)
{
	struct programs_fault fault = {};
	int ring;

	if (!programs_load(&sensor.programs, &options.programs, &fault))
		return fail(fault.unsupported ? EXIT_UNSUPPORTED : EXIT_REFUSED, fault.what, fault.error);
	ring = bpf_map__fd(sensor.programs.skel->maps.ring);
	sensor.ring = ring_buffer__new(ring, handle_record, NULL, NULL);
	if (!sensor.ring)
		return fail(EXIT_REFUSED, "cannot map the ring buffer", -errno);
	if (!programs_attach(&sensor.programs, &options.programs, &fault))
		return fail(EXIT_REFUSED, fault.what, fault.error);
	return EXIT_ENDED;
}

/* What takes more rights than are kept, and then none but those; 0, or -errno. */
static int arm(void)
{
	bool asks = options.exec_permission && !exec_permission_open();
	int err;

	sensor.file_error = options.file_actor ? file_actor_open() : -ECANCELED;
	err = privileges_drop(options.programs.is_service);
	if (err)
		return err;
	if (asks && !exec_permission_start(&sensor.programs))
		sensor.programs.features |= SENSOR_HAS_EXEC_PERMISSION;
	integrity_note(&sensor.programs);
	return 0;
}

static bool parse_size(const char *text, __u32 low, __u32 high, __u32 *value)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*end || end == text || number < low || number > high)
		return false;
	*value = number;
	return true;
}

/* `trusted` is the command line: what names a place or a way to live counts nowhere else. */
static bool parse_options(int argc, char **argv, bool trusted)
{
	static const struct option names[] = {
		{ "ring-bytes", required_argument, NULL, 'r' },
		{ "argv-bytes", required_argument, NULL, 'a' },
		{ "no-file-actor", no_argument, NULL, 'f' },
		{ "pin", required_argument, NULL, 'p' },
		{ "subtrees", no_argument, NULL, 's' },
		{ "exec-permission", no_argument, NULL, 'e' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "serve", no_argument, NULL, 'S' },
		{},
	};
	int option;

	optind = 0; /* getopt_long(3): once more from the start */
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 'v' && trusted)
			options.verbose = true;
		else if (option == 'S' && trusted)
			options.programs.is_service = true;
		else if (option == 'f')
			options.file_actor = false;
		else if (option == 'e')
			options.exec_permission = true;
		else if (option == 's')
			options.programs.wakes_for_all = false;
		else if (option == 'p' && trusted)
			options.programs.pin = optarg;
		else if (option == 'r' && parse_size(optarg, MIN_RING_BYTES, MAX_RING_BYTES, &options.programs.ring_bytes))
			continue;
		else if (option == 'a' && parse_size(optarg, 1, 8192, &options.programs.max_argv_bytes))
			continue;
		else
			return false;
	}
	/* The kernel takes powers of two only. */
	return optind == argc && !(options.programs.ring_bytes & (options.programs.ring_bytes - 1));
}

static enum exit_code usage(void)
{
	const char *text = "usage: sealwatch-sensor [--ring-bytes POWER_OF_2] [--argv-bytes N] [--no-file-actor] "
			   "[--pin DIRECTORY] [--subtrees] [--exec-permission] [--verbose] [--serve]";

	fprintf(stderr, "%s\n", text);
	service_fail(EXIT_USAGE, text);
	return EXIT_USAGE;
}

/* Waits for the parent of a service and takes what it asks for; EXIT_ENDED, or why not. */
static enum exit_code meet_parent(char *name)
{
	char *words[SERVICE_MAX_WORDS + 1] = { name };
	int count = service_accept(words);

	if (count < 0)
		return fail(count == -EPROTO ? EXIT_USAGE : EXIT_PIPE, "nobody asked for anything", count);
	return parse_options(count, words, false) ? EXIT_ENDED : usage();
}

/* From the first record to the end of stdin. */
static enum exit_code serve_parent(void)
{
	int epoll, err;

	err = output_open() ?: emit_ready() ?: file_actor_tell(sensor.file_error) ?:
	      membership_tell(&sensor.programs) ?: flush();
	service_tell("STATUS=watches for the agent");
	epoll = open_epoll();
	if (!err && epoll != -EPERM)
		err = epoll < 0 ? epoll : watch(epoll);
	service_tell("STOPPING=1");
	programs_detach(&sensor.programs);
	err = err ?: file_actor_read() ?: drain() ?: flush_all();
	if (epoll >= 0)
		close(epoll);
	return err ? fail(err == -EPROTO ? EXIT_USAGE : EXIT_PIPE, "stopped", err) : EXIT_ENDED;
}

int main(int argc, char **argv)
{
	enum exit_code code;
	int err;

	if (!parse_options(argc, argv, true))
		return usage();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	libbpf_set_print(print_libbpf);
	if (options.programs.is_service) {
		code = meet_parent(argv[0]);
		if (code)
			return service_stopped() ? EXIT_ENDED : code;
	}
	census_set_scope(options.programs.wakes_for_all ? SCOPE_HOST : SCOPE_SUBTREES);

	code = load();
	if (code)
		goto cleanup;
	err = arm();
	code = err ? fail(EXIT_REFUSED, "cannot drop privileges", err) : serve_parent();

cleanup:
	ring_buffer__free(sensor.ring);
	programs_free(&sensor.programs);
	return code;
}
