// SPDX-License-Identifier: Apache-2.0
/*
 * sealwatch-sensor: loads the programs of sensor.bpf.c, writes what they see to stdout as the records
 * of sensor.h, and reads commands of the same form on stdin. It lives until stdin ends: signals from a
 * terminal reach a whole process group, and only the parent knows whether the watch is over.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/capability.h>
#include <linux/types.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "file-actor.h"
#include "output.h"
#include "sensor.h"
#include "sensor.skel.h"

enum exit_code {
	EXIT_ENDED = 0,
	EXIT_PIPE = 1,
	EXIT_USAGE = 2,
	EXIT_REFUSED = 3,
	EXIT_UNSUPPORTED = 4,
};

#define LOSS_POLL_MS 200
/* After so many records in one go stdin gets its turn. */
#define BATCH_RECORDS 4096
#define MIN_RING_BYTES 4096
#define MAX_RING_BYTES (256 * 1024 * 1024)

static struct {
	__u32 ring_bytes;
	__u32 max_argv_bytes;
	bool verbose;
	bool file_actor;
} options = { .file_actor = true, .ring_bytes = 8 * 1024 * 1024, .max_argv_bytes = 8192 };

static struct {
	unsigned char bytes[SENSOR_MAX_COMMAND_BYTES];
	size_t used;
} in;

static struct {
	struct sensor_bpf *skel;
	struct ring_buffer *ring;
	unsigned int batch;
	__u64 told_lost;
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
		.ring_bytes = options.ring_bytes,
		.max_argv_bytes = options.max_argv_bytes,
	};

	return emit(&ready, sizeof(ready)) ?: flush();
}

static int emit_loss(void)
{
	__u64 total = __atomic_load_n(&sensor.skel->bss->lost, __ATOMIC_RELAXED);
	struct sensor_loss loss = {
		.header = header_of(SENSOR_LOSS, sizeof(loss)),
		.time_ns = clock_ns(CLOCK_BOOTTIME),
		.lost = total - sensor.told_lost,
	};

	if (!loss.lost)
		return 0;
	sensor.told_lost = total;
	return emit(&loss, sizeof(loss));
}

static int handle_record(void *ctx, void *record, size_t length)
{
	int err = emit(record, length);

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
	unsigned int rounds = options.ring_bytes / sizeof(struct sensor_exit) / BATCH_RECORDS + 2;
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

static int handle_command(const unsigned char *bytes, const struct sensor_header *header)
{
	const char *path = (const char *)bytes + sizeof(*header);
	size_t path_bytes = header->length - sizeof(*header);
	struct sensor_ping ping;

	switch (header->type) {
	case SENSOR_PING:
		if (header->length != sizeof(ping))
			return 0;
		memcpy(&ping, bytes, sizeof(ping));
		return answer_ping(&ping);
	case SENSOR_MARK:
		return file_actor_mark(path, path_bytes);
	case SENSOR_UNMARK:
		file_actor_unmark(path, path_bytes);
		return 0;
	default:
		/* For a later sensor. */
		return 0;
	}
}

/* Reads what the parent sent; 1 at its end. */
static int read_commands(void)
{
	ssize_t n = read(STDIN_FILENO, in.bytes + in.used, sizeof(in.bytes) - in.used);
	struct sensor_header header;
	size_t at = 0;
	int err;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return 1;
	in.used += n;
	while (in.used - at >= sizeof(header)) {
		memcpy(&header, in.bytes + at, sizeof(header));
		if (header.length < sizeof(header) || header.length > sizeof(in.bytes))
			return -EPROTO;
		if (in.used - at < header.length)
			break;
		err = handle_command(in.bytes + at, &header);
		if (err)
			return err;
		at += header.length;
	}
	memmove(in.bytes, in.bytes + at, in.used - at);
	in.used -= at;
	return 0;
}

/* Returns 0 when stdin has ended, else what broke. */
static int watch(int epoll)
{
	struct epoll_event event;
	int n, more = 0, err;

	for (;;) {
		n = epoll_wait(epoll, &event, 1, more ? 0 : LOSS_POLL_MS);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && event.data.fd == STDIN_FILENO) {
			err = read_commands();
			if (err)
				return err > 0 ? 0 : err;
		}
		/* Who wrote comes before what it ran next, as far as both are here. */
		err = n > 0 && event.data.fd == file_actor_fd() ? file_actor_read() : 0;
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
	event.data.fd = STDIN_FILENO;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event))
		return -errno;
	return epoll;
}

/*
 * Maps and links live by their descriptors, counters by their mapping, and the fanotify group keeps the
 * right that it was made with. Only to mark a directory that is closed to others takes a capability.
 */
static int drop_privileges(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct kept[2] = {};
	int cap;

	if (file_actor_fd() >= 0)
		kept[0].effective = kept[0].permitted = 1U << CAP_DAC_READ_SEARCH;
	for (cap = 0; cap <= 63; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	if (syscall(SYS_capset, &header, kept))
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/* Last: a change of credentials clears it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	return 0;
}

static int arguments_of(const struct btf *btf, const char *tracepoint)
{
	const struct btf_type *type;
	int id = btf__find_by_name_kind(btf, tracepoint, BTF_KIND_TYPEDEF);

	if (id < 0)
		return id;
	type = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	return btf_vlen(btf__type_by_id(btf, type->type)) - 1;
}

static enum exit_code fail(enum exit_code code, const char *what, int err)
{
	fprintf(stderr, "sealwatch-sensor: %s: %s (errno %d)\n", what, strerror(-err), -err);
	return code;
}

static enum exit_code load(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int arguments, err;

	if (!btf)
		return fail(EXIT_UNSUPPORTED, "the kernel offers no BTF", -errno);
	arguments = arguments_of(btf, "btf_trace_sched_process_exit");
	btf__free(btf);
	if (arguments < 0)
		return fail(EXIT_UNSUPPORTED, "the kernel lacks sched_process_exit", arguments);

	sensor.skel = sensor_bpf__open();
	if (!sensor.skel)
		return fail(EXIT_REFUSED, "cannot open the programs", -errno);
	sensor.skel->rodata->exit_tells_group_dead = arguments >= 2;
	sensor.skel->rodata->max_argv_bytes = options.max_argv_bytes;
	bpf_map__set_max_entries(sensor.skel->maps.ring, options.ring_bytes);

	err = sensor_bpf__load(sensor.skel);
	if (err == -ESRCH || err == -ENOENT)
		return fail(EXIT_UNSUPPORTED, "the kernel lacks a tracepoint or type", err);
	if (err)
		return fail(EXIT_REFUSED, "cannot load the programs", err);
	sensor.ring = ring_buffer__new(bpf_map__fd(sensor.skel->maps.ring), handle_record, NULL, NULL);
	if (!sensor.ring)
		return fail(EXIT_REFUSED, "cannot map the ring buffer", -errno);
	err = sensor_bpf__attach(sensor.skel);
	if (err)
		return fail(EXIT_REFUSED, "cannot attach the programs", err);
	return EXIT_ENDED;
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

static bool parse_options(int argc, char **argv)
{
	static const struct option names[] = {
		{ "ring-bytes", required_argument, NULL, 'r' },
		{ "argv-bytes", required_argument, NULL, 'a' },
		{ "no-file-actor", no_argument, NULL, 'f' },
		{ "verbose", no_argument, NULL, 'v' },
		{},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 'v')
			options.verbose = true;
		else if (option == 'f')
			options.file_actor = false;
		else if (option == 'r' && parse_size(optarg, MIN_RING_BYTES, MAX_RING_BYTES, &options.ring_bytes))
			continue;
		else if (option == 'a' && parse_size(optarg, 1, 8192, &options.max_argv_bytes))
			continue;
		else
			return false;
	}
	/* The kernel takes powers of two only. */
	return optind == argc && !(options.ring_bytes & (options.ring_bytes - 1));
}

int main(int argc, char **argv)
{
	enum exit_code code;
	int err, file_error, epoll = -1;

	if (!parse_options(argc, argv)) {
		fprintf(stderr, "usage: sealwatch-sensor [--ring-bytes POWER_OF_2] [--argv-bytes N] "
				"[--no-file-actor] [--verbose]\n");
		return EXIT_USAGE;
	}
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	libbpf_set_print(print_libbpf);

	code = load();
	if (code)
		goto cleanup;
	file_error = options.file_actor ? file_actor_open() : -ECANCELED;
	err = drop_privileges();
	if (err) {
		code = fail(EXIT_REFUSED, "cannot drop privileges", err);
		goto cleanup;
	}
	err = emit_ready() ?: file_actor_tell(file_error) ?: flush();
	epoll = open_epoll();
	if (!err && epoll != -EPERM)
		err = epoll < 0 ? epoll : watch(epoll);
	sensor_bpf__detach(sensor.skel);
	err = err ?: file_actor_read() ?: drain();
	if (err)
		code = fail(err == -EPROTO ? EXIT_USAGE : EXIT_PIPE, "stopped", err);

cleanup:
	if (epoll >= 0)
		close(epoll);
	ring_buffer__free(sensor.ring);
	sensor_bpf__destroy(sensor.skel);
	return code;
}
