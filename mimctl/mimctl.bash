# SPDX-License-Identifier: ISC
# Completion of mimctl(8) for bash.  What there is to say mimctl says itself:
# "help" prints the table of its commands, "status" the daemon's torrents.

_mimctl_options()
{
	grep -oE '(^| )\[-[A-Za-z]+' <<<"$1" | tr -d ' [-' | fold -w 1 |
	    sed 's/^/-/'
}

# Those to choose from in a usage, and where each form of it begins; not what
# names an argument.
_mimctl_words()
{
	{
		grep -oE '[a-z-]+(\|[a-z-]+)+' <<<"$1" | tr '|' '\n'
		grep -oE '(^| \| )[a-z]+ ' <<<"$1" | tr -d '| '
	} | grep -vxE 'class|command|file|selector|target|torrent|value|-'
}

_mimctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} command='' i words usage
	local -a ask=("${COMP_WORDS[0]}" -H)

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-s)	i=$((i + 1))
			ask+=(-s "${COMP_WORDS[i]}") ;;
		-*)	;;
		*)	command=${COMP_WORDS[i]}
			break ;;
		esac
	done
	if [[ -z $command || $command == help ]]; then
		words=$("${ask[@]}" help 2>/dev/null | cut -f 1)
	else
		usage=$("${ask[@]}" help "$command" 2>/dev/null | cut -f 2)
		if [[ $cur == -* ]]; then
			words=$(_mimctl_options "$usage")
		else
			words=$(_mimctl_words "$usage")
			[[ $usage != *selector* ]] || words+=" all
			    $("${ask[@]}" status 2>/dev/null | cut -f 1)"
		fi
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -o default -F _mimctl mimctl
