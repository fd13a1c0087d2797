"""Region names that Trino 476 knows, with the numbers its query documents show for them. A table, no logic.

Source: asked of a Trino 476, zone by zone. Numbers below 1681 are offsets, see `time_zones.py`.
"""

from __future__ import annotations

_REGIONS = """
Africa/Abidjan=1681 Africa/Accra=1682 Africa/Addis_Ababa=1683 Africa/Algiers=1684 Africa/Asmara=1685
Africa/Asmera=1686 Africa/Bamako=1687 Africa/Bangui=1688 Africa/Banjul=1689 Africa/Bissau=1690
Africa/Blantyre=1691 Africa/Brazzaville=1692 Africa/Bujumbura=1693 Africa/Cairo=1694 Africa/Casablanca=1695
Africa/Ceuta=1696 Africa/Conakry=1697 Africa/Dakar=1698 Africa/Dar_es_Salaam=1699 Africa/Djibouti=1700
Africa/Douala=1701 Africa/El_Aaiun=1702 Africa/Freetown=1703 Africa/Gaborone=1704 Africa/Harare=1705
Africa/Johannesburg=1706 Africa/Juba=1707 Africa/Kampala=1708 Africa/Khartoum=1709 Africa/Kigali=1710
Africa/Kinshasa=1711 Africa/Lagos=1712 Africa/Libreville=1713 Africa/Lome=1714 Africa/Luanda=1715
Africa/Lubumbashi=1716 Africa/Lusaka=1717 Africa/Malabo=1718 Africa/Maputo=1719 Africa/Maseru=1720
Africa/Mbabane=1721 Africa/Mogadishu=1722 Africa/Monrovia=1723 Africa/Nairobi=1724 Africa/Ndjamena=1725
Africa/Niamey=1726 Africa/Nouakchott=1727 Africa/Ouagadougou=1728 Africa/Porto-Novo=1729
Africa/Sao_Tome=1730 Africa/Timbuktu=1731 Africa/Tripoli=1732 Africa/Tunis=1733 Africa/Windhoek=1734
America/Adak=1735 America/Anchorage=1736 America/Anguilla=1737 America/Antigua=1738 America/Araguaina=1739
America/Argentina/Buenos_Aires=1740 America/Argentina/Catamarca=1741 America/Argentina/ComodRivadavia=1742
America/Argentina/Cordoba=1743 America/Argentina/Jujuy=1744 America/Argentina/La_Rioja=1745
America/Argentina/Mendoza=1746 America/Argentina/Rio_Gallegos=1747 America/Argentina/Salta=1748
America/Argentina/San_Juan=1749 America/Argentina/San_Luis=1750 America/Argentina/Tucuman=1751
America/Argentina/Ushuaia=1752 America/Aruba=1753 America/Asuncion=1754 America/Atikokan=1755
America/Atka=1756 America/Bahia=1757 America/Bahia_Banderas=1758 America/Barbados=1759 America/Belem=1760
America/Belize=1761 America/Blanc-Sablon=1762 America/Boa_Vista=1763 America/Bogota=1764 America/Boise=1765
America/Buenos_Aires=1766 America/Cambridge_Bay=1767 America/Campo_Grande=1768 America/Cancun=1769
America/Caracas=1770 America/Catamarca=1771 America/Cayenne=1772 America/Cayman=1773 America/Chicago=1774
America/Chihuahua=1775 America/Coral_Harbour=1776 America/Cordoba=1777 America/Costa_Rica=1778
America/Cuiaba=1779 America/Curacao=1780 America/Danmarkshavn=1781 America/Dawson=1782
America/Dawson_Creek=1783 America/Denver=1784 America/Detroit=1785 America/Dominica=1786
America/Edmonton=1787 America/Eirunepe=1788 America/El_Salvador=1789 America/Ensenada=1790
America/Fort_Wayne=1791 America/Fortaleza=1792 America/Glace_Bay=1793 America/Godthab=1794
America/Goose_Bay=1795 America/Grand_Turk=1796 America/Grenada=1797 America/Guadeloupe=1798
America/Guatemala=1799 America/Guayaquil=1800 America/Guyana=1801 America/Halifax=1802 America/Havana=1803
America/Hermosillo=1804 America/Indiana/Indianapolis=1805 America/Indiana/Knox=1806
America/Indiana/Marengo=1807 America/Indiana/Petersburg=1808 America/Indiana/Tell_City=1809
America/Indiana/Vevay=1810 America/Indiana/Vincennes=1811 America/Indiana/Winamac=1812
America/Indianapolis=1813 America/Inuvik=1814 America/Iqaluit=1815 America/Jamaica=1816 America/Jujuy=1817
America/Juneau=1818 America/Kentucky/Louisville=1819 America/Kentucky/Monticello=1820 America/Knox_IN=1821
America/Kralendijk=1822 America/La_Paz=1823 America/Lima=1824 America/Los_Angeles=1825
America/Louisville=1826 America/Lower_Princes=1827 America/Maceio=1828 America/Managua=1829
America/Manaus=1830 America/Marigot=1831 America/Martinique=1832 America/Matamoros=1833
America/Mazatlan=1834 America/Mendoza=1835 America/Menominee=1836 America/Merida=1837
America/Metlakatla=1838 America/Mexico_City=1839 America/Miquelon=1840 America/Moncton=1841
America/Monterrey=1842 America/Montevideo=1843 America/Montreal=1844 America/Montserrat=1845
America/Nassau=1846 America/New_York=1847 America/Nipigon=1848 America/Nome=1849 America/Noronha=1850
America/North_Dakota/Beulah=1851 America/North_Dakota/Center=1852 America/North_Dakota/New_Salem=1853
America/Ojinaga=1854 America/Panama=1855 America/Pangnirtung=1856 America/Paramaribo=1857
America/Phoenix=1858 America/Port-au-Prince=1859 America/Port_of_Spain=1860 America/Porto_Acre=1861
America/Porto_Velho=1862 America/Puerto_Rico=1863 America/Rainy_River=1864 America/Rankin_Inlet=1865
America/Recife=1866 America/Regina=1867 America/Resolute=1868 America/Rio_Branco=1869 America/Rosario=1870
America/Santa_Isabel=1871 America/Santarem=1872 America/Santiago=1873 America/Santo_Domingo=1874
America/Sao_Paulo=1875 America/Scoresbysund=1876 America/Shiprock=1877 America/Sitka=1878
America/St_Barthelemy=1879 America/St_Johns=1880 America/St_Kitts=1881 America/St_Lucia=1882
America/St_Thomas=1883 America/St_Vincent=1884 America/Swift_Current=1885 America/Tegucigalpa=1886
America/Thule=1887 America/Thunder_Bay=1888 America/Tijuana=1889 America/Toronto=1890 America/Tortola=1891
America/Vancouver=1892 America/Virgin=1893 America/Whitehorse=1894 America/Winnipeg=1895
America/Yakutat=1896 America/Yellowknife=1897 Antarctica/Casey=1898 Antarctica/Davis=1899
Antarctica/DumontDUrville=1900 Antarctica/Macquarie=1901 Antarctica/Mawson=1902 Antarctica/McMurdo=1903
Antarctica/Palmer=1904 Antarctica/Rothera=1905 Antarctica/South_Pole=1906 Antarctica/Syowa=1907
Antarctica/Vostok=1908 Arctic/Longyearbyen=1909 Asia/Aden=1910 Asia/Almaty=1911 Asia/Amman=1912
Asia/Anadyr=1913 Asia/Aqtau=1914 Asia/Aqtobe=1915 Asia/Ashgabat=1916 Asia/Ashkhabad=1917 Asia/Baghdad=1918
Asia/Bahrain=1919 Asia/Baku=1920 Asia/Bangkok=1921 Asia/Beirut=1922 Asia/Bishkek=1923 Asia/Brunei=1924
Asia/Calcutta=1925 Asia/Choibalsan=1926 Asia/Chongqing=1927 Asia/Chungking=1928 Asia/Colombo=1929
Asia/Dacca=1930 Asia/Damascus=1931 Asia/Dhaka=1932 Asia/Dili=1933 Asia/Dubai=1934 Asia/Dushanbe=1935
Asia/Gaza=1936 Asia/Harbin=1937 Asia/Hebron=1938 Asia/Ho_Chi_Minh=1939 Asia/Hong_Kong=1940 Asia/Hovd=1941
Asia/Irkutsk=1942 Asia/Istanbul=1943 Asia/Jakarta=1944 Asia/Jayapura=1945 Asia/Jerusalem=1946
Asia/Kabul=1947 Asia/Kamchatka=1948 Asia/Karachi=1949 Asia/Kashgar=1950 Asia/Kathmandu=1951
Asia/Katmandu=1952 Asia/Kolkata=1953 Asia/Krasnoyarsk=1954 Asia/Kuala_Lumpur=1955 Asia/Kuching=1956
Asia/Kuwait=1957 Asia/Macao=1958 Asia/Macau=1959 Asia/Magadan=1960 Asia/Makassar=1961 Asia/Manila=1962
Asia/Muscat=1963 Asia/Nicosia=1964 Asia/Novokuznetsk=1965 Asia/Novosibirsk=1966 Asia/Omsk=1967
Asia/Oral=1968 Asia/Phnom_Penh=1969 Asia/Pontianak=1970 Asia/Pyongyang=1971 Asia/Qatar=1972
Asia/Qyzylorda=1973 Asia/Rangoon=1974 Asia/Riyadh=1975 Asia/Saigon=1976 Asia/Sakhalin=1977
Asia/Samarkand=1978 Asia/Seoul=1979 Asia/Shanghai=1980 Asia/Singapore=1981 Asia/Taipei=1982
Asia/Tashkent=1983 Asia/Tbilisi=1984 Asia/Tehran=1985 Asia/Tel_Aviv=1986 Asia/Thimbu=1987 Asia/Thimphu=1988
Asia/Tokyo=1989 Asia/Ujung_Pandang=1990 Asia/Ulaanbaatar=1991 Asia/Ulan_Bator=1992 Asia/Urumqi=1993
Asia/Vientiane=1994 Asia/Vladivostok=1995 Asia/Yakutsk=1996 Asia/Yekaterinburg=1997 Asia/Yerevan=1998
Atlantic/Azores=1999 Atlantic/Bermuda=2000 Atlantic/Canary=2001 Atlantic/Cape_Verde=2002
Atlantic/Faeroe=2003 Atlantic/Faroe=2004 Atlantic/Jan_Mayen=2005 Atlantic/Madeira=2006
Atlantic/Reykjavik=2007 Atlantic/South_Georgia=2008 Atlantic/St_Helena=2009 Atlantic/Stanley=2010
Australia/ACT=2011 Australia/Adelaide=2012 Australia/Brisbane=2013 Australia/Broken_Hill=2014
Australia/Canberra=2015 Australia/Currie=2016 Australia/Darwin=2017 Australia/Eucla=2018
Australia/Hobart=2019 Australia/LHI=2020 Australia/Lindeman=2021 Australia/Lord_Howe=2022
Australia/Melbourne=2023 Australia/NSW=2024 Australia/North=2025 Australia/Perth=2026
Australia/Queensland=2027 Australia/South=2028 Australia/Sydney=2029 Australia/Tasmania=2030
Australia/Victoria=2031 Australia/West=2032 Australia/Yancowinna=2033 Brazil/Acre=2034 Brazil/DeNoronha=2035
Brazil/East=2036 Brazil/West=2037 Canada/Atlantic=2038 Canada/Central=2039 Canada/Eastern=2041
Canada/Mountain=2042 Canada/Newfoundland=2043 Canada/Pacific=2044 Canada/Saskatchewan=2045 Canada/Yukon=2046
Chile/Continental=2047 Chile/EasterIsland=2048 Europe/Amsterdam=2049 Europe/Andorra=2050 Europe/Athens=2051
Europe/Belfast=2052 Europe/Belgrade=2053 Europe/Berlin=2054 Europe/Bratislava=2055 Europe/Brussels=2056
Europe/Bucharest=2057 Europe/Budapest=2058 Europe/Chisinau=2059 Europe/Copenhagen=2060 Europe/Dublin=2061
Europe/Gibraltar=2062 Europe/Guernsey=2063 Europe/Helsinki=2064 Europe/Isle_of_Man=2065 Europe/Istanbul=2066
Europe/Jersey=2067 Europe/Kaliningrad=2068 Europe/Kiev=2069 Europe/Lisbon=2070 Europe/Ljubljana=2071
Europe/London=2072 Europe/Luxembourg=2073 Europe/Madrid=2074 Europe/Malta=2075 Europe/Mariehamn=2076
Europe/Minsk=2077 Europe/Monaco=2078 Europe/Moscow=2079 Europe/Nicosia=2080 Europe/Oslo=2081
Europe/Paris=2082 Europe/Podgorica=2083 Europe/Prague=2084 Europe/Riga=2085 Europe/Rome=2086
Europe/Samara=2087 Europe/San_Marino=2088 Europe/Sarajevo=2089 Europe/Simferopol=2090 Europe/Skopje=2091
Europe/Sofia=2092 Europe/Stockholm=2093 Europe/Tallinn=2094 Europe/Tirane=2095 Europe/Tiraspol=2096
Europe/Uzhgorod=2097 Europe/Vaduz=2098 Europe/Vatican=2099 Europe/Vienna=2100 Europe/Vilnius=2101
Europe/Volgograd=2102 Europe/Warsaw=2103 Europe/Zagreb=2104 Europe/Zaporozhye=2105 Europe/Zurich=2106
Indian/Antananarivo=2107 Indian/Chagos=2108 Indian/Christmas=2109 Indian/Cocos=2110 Indian/Comoro=2111
Indian/Kerguelen=2112 Indian/Mahe=2113 Indian/Maldives=2114 Indian/Mauritius=2115 Indian/Mayotte=2116
Indian/Reunion=2117 Mexico/BajaNorte=2118 Mexico/BajaSur=2119 Mexico/General=2120 Pacific/Apia=2121
Pacific/Auckland=2122 Pacific/Chatham=2123 Pacific/Chuuk=2124 Pacific/Easter=2125 Pacific/Efate=2126
Pacific/Enderbury=2127 Pacific/Fakaofo=2128 Pacific/Fiji=2129 Pacific/Funafuti=2130 Pacific/Galapagos=2131
Pacific/Gambier=2132 Pacific/Guadalcanal=2133 Pacific/Guam=2134 Pacific/Honolulu=2135 Pacific/Johnston=2136
Pacific/Kiritimati=2137 Pacific/Kosrae=2138 Pacific/Kwajalein=2139 Pacific/Majuro=2140
Pacific/Marquesas=2141 Pacific/Midway=2142 Pacific/Nauru=2143 Pacific/Niue=2144 Pacific/Norfolk=2145
Pacific/Noumea=2146 Pacific/Pago_Pago=2147 Pacific/Palau=2148 Pacific/Pitcairn=2149 Pacific/Pohnpei=2150
Pacific/Ponape=2151 Pacific/Port_Moresby=2152 Pacific/Rarotonga=2153 Pacific/Saipan=2154 Pacific/Samoa=2155
Pacific/Tahiti=2156 Pacific/Tarawa=2157 Pacific/Tongatapu=2158 Pacific/Truk=2159 Pacific/Wake=2160
Pacific/Wallis=2161 Pacific/Yap=2162 US/Alaska=2163 US/Aleutian=2164 US/Arizona=2165 US/Central=2166
US/East-Indiana=2167 US/Eastern=2168 US/Hawaii=2169 US/Indiana-Starke=2170 US/Michigan=2171 US/Mountain=2172
US/Pacific=2173 US/Samoa=2175 CET=2176 CST6CDT=2177 Cuba=2178 EET=2179 EST5EDT=2181 Egypt=2182 Eire=2183
GB=2184 GB-Eire=2185 Hongkong=2187 Iceland=2188 Iran=2189 Israel=2190 Jamaica=2191 Japan=2192 Kwajalein=2193
Libya=2194 MET=2195 MST7MDT=2197 NZ=2198 NZ-CHAT=2199 Navajo=2200 PRC=2201 PST8PDT=2202 Poland=2203
Portugal=2204 ROK=2205 Singapore=2206 Turkey=2207 W-SU=2208 WET=2209 America/Creston=2210
Antarctica/Troll=2211 Asia/Khandyga=2212 Asia/Ust-Nera=2213 Europe/Busingen=2214 Asia/Chita=2215
Asia/Srednekolymsk=2216 Pacific/Bougainville=2217 America/Fort_Nelson=2218 Asia/Barnaul=2219 Asia/Tomsk=2220
Europe/Astrakhan=2221 Europe/Kirov=2222 Europe/Ulyanovsk=2223 Asia/Yangon=2224 America/Punta_Arenas=2225
Asia/Atyrau=2226 Asia/Famagusta=2227 Europe/Saratov=2228 Asia/Qostanay=2229 America/Nuuk=2230
Pacific/Kanton=2231 Europe/Kyiv=2232 America/Ciudad_Juarez=2233
"""

REGION_KEYS: dict[str, int] = {
    name: int(number) for name, _, number in (item.partition("=") for item in _REGIONS.split())
}
"""Region name (exact spelling) → number."""
